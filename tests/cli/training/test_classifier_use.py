"""A classifier that takes the coders' place in study.toml, and what is told of its bound."""

import sys
from pathlib import Path

import pytest

from intercoder.cli.training.classifier_use import UseChoice, use_it
from intercoder.stores.corpus.named_samples import keep_sample
from intercoder.stores.corpus.samples import Scope, draw_scope
from intercoder.stores.study_folder import open_study
from tests.llms.classifiers.tiny_encoders import card, write_card
from tests.studies import new_study
from tests.training.distillation.studies import fill

STUDY = """
question = "Why repair?"
[[coders]]
name = "first"
model = "scripted:words"
[[deductive.coders]]
name = "reader"
model = "scripted:words"
"""


@pytest.mark.parametrize(
    ("use", "chosen_for", "told"),
    [
        (UseChoice.cascade, "embedded:other", True),
        (UseChoice.cascade, "scripted:words", False),
        (UseChoice.alone, "embedded:other", False),
    ],
)
def test_it_is_told_where_the_bound_was_chosen_for_another_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], use: UseChoice, chosen_for: str, told: bool
) -> None:
    folder = new_study(tmp_path / "study", STUDY)
    write_card(card(confidence_for=chosen_for), folder.classifiers / "mine")
    use_it(folder, "mine", use, sys.stdout)
    said = capsys.readouterr().out
    assert ("chosen for embedded:other" in said) is told
    (coder,) = open_study(folder.path).study.deductive.coders
    assert coder.classifies == "mine"


def test_the_sample_that_is_next_has_a_name_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = new_study(tmp_path / "study", STUDY)
    write_card(card(), folder.classifiers / "mine")
    fill(folder, ["One.", "Two."])
    for wanted in ("calibration", "calibration-2", "calibration-3"):
        use_it(folder, "mine", UseChoice.alone, sys.stdout)
        assert f"sample {folder.path} {wanted} -n 100" in capsys.readouterr().out
        keep_sample(
            folder.engine, folder.study.id, wanted, Scope(), draw_scope(folder.engine, folder.study.id, Scope())
        )
