"""Models with LoRA adapters as coders of given codes: what they learnt from is no measure of them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from intercoder.core.adapters import CARD, DataCard, adapter_digest
from intercoder.core.classifiers import text_key
from intercoder.core.deductive_settings import Deduction, DeductiveCoderSettings, DeductiveModerator
from intercoder.core.errors import StudyError
from intercoder.core.protocols import Run
from intercoder.graphs.deductive.asked_alike import would_ask_alike
from intercoder.graphs.deductive.deductive_jobs import judge, left_out, people_of
from intercoder.llms.adapters import identity
from intercoder.llms.references import parse_reference
from intercoder.stores import schema
from intercoder.stores.corpus.segments import segments_of_ids
from intercoder.stores.database import reading, writing
from intercoder.stores.runs.deductions import SqlDeductiveStore
from intercoder.stores.study_folder import StudyFolder, open_study
from tests.graphs.differing.disagreeing import TEXTS, code_by_hand, make_book, make_run, make_study
from tests.llms.test_adapters import adapter_in

SAID = "ynnyn"


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    return make_study(tmp_path / "study")


def learnt(folder: StudyFolder, name: str = "ours", *, value: float = 0.5, **told: Any) -> str:
    """The reference of a model with an adapter that learnt from so much."""
    adapter = adapter_in(folder.path / "adapters" / name, value=value)
    counts = dict.fromkeys(("pairs", "documents", "training", "held_out"), 1)
    data = DataCard(source="x", digest="", dropped={}, **counts, **{"learnt_documents": ("d_other",), **told})
    (adapter / CARD).write_text(json.dumps({"name": name, "data": data.model_dump(mode="json")}), "utf-8")
    return f"hf:/models/tiny#{adapter}"


def coding(folder: StudyFolder, *models: str, moderator: str = "") -> StudyFolder:
    """The study with coders `one`, `two` ... of these models, and one that settles."""
    coders = [
        DeductiveCoderSettings(name=name, model=one) for name, one in zip(("one", "two"), models, strict=False)
    ]
    kind = "llm" if moderator else "majority"
    settles = DeductiveModerator(kind=kind, model=moderator)
    folder.study = folder.study.model_copy(update={"deductive": Deduction(coders=tuple(coders), moderator=settles)})
    return folder


def calibrated(folder: StudyFolder) -> Run:
    """A calibration of all segments, which two people coded, with what its coders' models are now."""
    book = make_book(folder)
    given = {"one": SAID, "two": SAID, "=": SAID} if len(folder.study.deductive.coders) > 1 else {"one": SAID}
    run = make_run(folder, book, {code.id: given for code in book.leaves}, "calibrate")
    table = schema.decisions
    for coder in folder.study.deductive.coders:
        with writing(folder.engine) as connection:
            kept = table.update().where(table.c.coder == coder.name)
            connection.execute(kept.values(prompt="", model=identity(parse_reference(coder.model))))
    said = {"ana": SAID, "ben": SAID}
    code_by_hand(folder, book, segments(folder, run), {code.id: said for code in book.leaves})
    return run


def segments(folder: StudyFolder, run: Run) -> Sequence[str]:
    return [one.id for one in SqlDeductiveStore(folder.engine, folder.study.id).segments(run.id, 0, run.total)]


def document(folder: StudyFolder, run: Run) -> str:
    """The one document of the study."""
    ids = segments(folder, run)
    with reading(folder.engine) as connection:
        return segments_of_ids(connection, folder.study.id, ids)[ids[0]].document_id


def test_documents_that_an_adapter_learnt_from_calibrate_nothing(folder: StudyFolder) -> None:
    run = calibrated(coding(folder, learnt(folder)))
    assert left_out(folder, run) == 0
    assert judge(folder, run)["final"]["c_money"].human_model.ac1.n == 5
    learnt(folder, learnt_documents=(document(folder, run),))
    assert left_out(folder, run) == 5
    for held in (run, None):
        with pytest.raises(StudyError, match="an adapter learnt from all 5 segments") as caught:
            people_of(folder, run.sample, make_book(folder), held)
        assert "Draw a new sample" in caught.value.remedy


def test_nor_does_the_same_text_elsewhere(folder: StudyFolder) -> None:
    run = calibrated(coding(folder, learnt(folder, learnt_texts=(text_key(TEXTS[0]),))))
    assert left_out(folder, run) == 1
    assert judge(folder, run)["final"]["c_money"].human_model.ac1.n == 4


def test_every_model_that_is_asked_counts(folder: StudyFolder) -> None:
    texts = iter(TEXTS)

    def of(name: str) -> str:
        return learnt(folder, name, learnt_texts=(text_key(next(texts)),))

    of("nobodys")
    plain = "openai:a#b@http://127.0.0.1:1/v1|http://127.0.0.1:2/v1"
    run = calibrated(coding(folder, of("ours"), plain, moderator=of("theirs")))
    assert left_out(folder, run) == 2
    assert left_out(coding(folder, plain), run) == 2, "the run has its own coders"
    book = make_book(folder)
    assert len(people_of(folder, run.sample, book)[0].of("c_money")) == 5
    assert len(people_of(coding(folder, of("other")), run.sample, book)[0].of("c_money")) == 4
    first = folder.study.coders[0].model_copy(update={"model": of("inductive")})
    folder.study = folder.study.model_copy(update={"coders": (first,)})
    assert len(people_of(coding(folder, ""), run.sample, book)[0].of("c_money")) == 4


@pytest.mark.parametrize("card", ["", "{", '{"data": {}}', '{"data": 1}', "[]"])
def test_where_no_card_tells_nothing_calibrates_it(folder: StudyFolder, card: str) -> None:
    run = calibrated(coding(folder, learnt(folder)))
    (file,) = folder.path.glob("adapters/*/card.json")
    file.write_text(card) if card else file.unlink()
    assert left_out(folder, run) == 5
    with pytest.raises(StudyError, match="nobody can tell") as caught:
        people_of(folder, run.sample, make_book(folder))
    assert "`intercoder train lora`" in caught.value.remedy


def test_an_old_card_that_does_not_say_tells_nothing(folder: StudyFolder) -> None:
    run = calibrated(coding(folder, learnt(folder, learnt_documents=())))
    assert left_out(folder, run) == 5


def test_of_an_adapter_that_was_trained_anew_nobody_can_tell_and_it_is_calibrated_anew(
    folder: StudyFolder,
) -> None:
    run = calibrated(coding(folder, learnt(folder)))
    assert would_ask_alike(folder, run)
    learnt(folder, value=0.25)
    assert left_out(folder, run) == 5
    assert not would_ask_alike(folder, run)
    (file,) = folder.path.glob("adapters/*/adapter_model.safetensors")
    file.unlink()
    assert left_out(folder, run) == 5
    assert not would_ask_alike(folder, run)


def test_a_run_that_decided_nothing_yet_has_the_adapter_of_now(folder: StudyFolder) -> None:
    run = calibrated(coding(folder, learnt(folder)))
    with writing(folder.engine) as connection:
        connection.execute(sa.update(schema.decisions).values(run="another"))
    learnt(folder, value=0.25)
    assert left_out(folder, run) == 0
    assert would_ask_alike(folder, run)


def test_in_a_study_that_was_moved_the_adapter_is_found_again(folder: StudyFolder, tmp_path: Path) -> None:
    run = calibrated(coding(folder, learnt(folder, learnt_texts=(text_key(TEXTS[0]),))))
    folder.engine.dispose()
    moved = folder.path.rename(tmp_path / "moved")
    assert left_out(open_study(moved), run) == 1


def test_a_digest_is_of_settings_and_weights(tmp_path: Path) -> None:
    one = adapter_digest(adapter_in(tmp_path / "one"))
    assert one == adapter_digest(adapter_in(tmp_path / "two"))
    assert one != adapter_digest(adapter_in(tmp_path / "one", value=0.25))
    assert one != adapter_digest(adapter_in(tmp_path / "two", base="other"))
    assert len(one) == 12
