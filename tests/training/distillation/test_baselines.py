import numpy as np
import pytest

from intercoder.training.distillation.baselines import logistic
from intercoder.training.distillation.heads import TextItem
from tests.training.distillation.classifying import items
from tests.training.distillation.studies import BUYING, REPAIR

pytest.importorskip("sklearn")
ASKED = items(40, 80)
MENDED = np.arange(40) % 2 == 0


def texts() -> list[str]:
    return [one.text for one in ASKED]


@pytest.mark.parametrize("head", ["multi_label", "one_of_k"])
def test_words_that_tell_codes_apart_are_found(head: str) -> None:
    given = logistic(items(0, 40), texts(), [REPAIR.id, BUYING.id], head, "scripted:hashing")  # type: ignore[arg-type]
    assert ((given[:, 0] > 0.5) == MENDED).mean() > 0.9
    assert given.sum(axis=1) == pytest.approx(1, abs=0.1 if head == "multi_label" else 1e-6)


def test_one_answer_only_and_none_at_all_have_their_probability() -> None:
    learnt = [TextItem(f"Text {n}.", {"a": True, "b": False}) for n in range(3)]
    given = logistic(learnt, texts()[:2], ["a", "b", "c"], "multi_label", "scripted:hashing")
    assert given.tolist() == [[1, 0, 0.5]] * 2
    assert logistic(learnt, texts()[:2], ["a", "b"], "one_of_k", "scripted:hashing").tolist() == [[1, 0]] * 2


def test_codes_that_nobody_decided_about_are_left_out() -> None:
    half = [one._replace(targets={REPAIR.id: one.targets[REPAIR.id]}) for one in items(0, 40)]
    whole = logistic(items(0, 40), texts(), [REPAIR.id], "yes_no", "scripted:hashing")
    assert logistic(half, texts(), [REPAIR.id, BUYING.id], "multi_label", "scripted:hashing")[:, :1] == (
        pytest.approx(whole)
    )
