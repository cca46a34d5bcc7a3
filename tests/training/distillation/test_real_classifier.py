"""A classifier of the embedded encoder: it learns what words mean, not which they are."""

from pathlib import Path

import numpy as np
import pytest

from intercoder.llms.classifiers.classifiers import load_classifier
from intercoder.training.distillation.baselines import logistic
from intercoder.training.distillation.classifier_settings import ClassifierSettings
from intercoder.training.distillation.heads import TextItem
from tests.training.distillation.classifying import learn
from tests.training.distillation.studies import REPAIR

pytestmark = [pytest.mark.embedded, pytest.mark.long]
MENDED = (
    "I fixed the toaster myself",
    "She sewed a patch onto her old jeans",
    "We glue broken plates together again",
    "He repaired the bicycle in the shed",
    "My mother darned our socks",
    "They soldered the wire of the radio",
    "A neighbour mended the roof",
    "You can put a new sole on that shoe",
)
OTHERWISE = (
    "I bought a new toaster yesterday",
    "The weather was lovely on Sunday",
    "We had soup and bread for lunch",
    "He sold the bicycle to a friend",
    "My mother likes to sing",
    "They threw the old radio away",
    "A neighbour moved to the city",
    "You can order shoes by post",
)
HELD_OUT = ("He restored the cracked chair", "Grandma stitched my torn coat", "We watched a film", "It rains again")


def items(start: int, stop: int) -> list[TextItem]:
    pairs = zip(MENDED[start:stop], OTHERWISE[start:stop], strict=True)
    return [TextItem(text, {REPAIR.id: not place}) for pair in pairs for place, text in enumerate(pair)]


def test_it_learns_in_a_few_steps_and_knows_words_it_never_saw(tmp_path: Path) -> None:
    settings = ClassifierSettings(max_steps=12, checkpoint_every=6, batch_size=8, patience=0, learning_rate=1e-4)
    training, development = items(0, 6), items(6, 8)
    card = learn(
        "embedded:minilm-l6",
        tmp_path / "mine",
        settings,
        training=training,
        development=development,
        head="yes_no",
        codes=[REPAIR],
    )
    assert card.losses["after"] < card.losses["before"]
    given = load_classifier(tmp_path / "mine").probabilities(list(HELD_OUT))[:, 0]
    assert (given > 0.5).tolist() == [True, True, False, False]
    baseline = logistic(training, HELD_OUT, [REPAIR.id], "yes_no", "embedded:minilm-l6")[:, 0]
    assert np.corrcoef(given, baseline)[0, 1] > 0.5


def test_what_is_said_does_not_depend_on_company_with_real_weights(tmp_path: Path) -> None:
    settings = ClassifierSettings(max_steps=1, batch_size=4)
    learn(
        "embedded:minilm-l6",
        tmp_path / "mine",
        settings,
        training=items(0, 2),
        development=[],
        head="yes_no",
        codes=[REPAIR],
    )
    classifier = load_classifier(tmp_path / "mine")
    texts = [*MENDED, *OTHERWISE, " ".join(MENDED)]
    together = classifier.logits(texts)
    assert (np.concatenate([classifier.logits([text]) for text in texts]) == together).all()
