"""What a classifier's card tells of the data that it learnt from."""

from types import SimpleNamespace
from typing import Any

import pytest

from intercoder.core.classifiers import group_keys
from intercoder.core.codebook import Codebook
from intercoder.training.distillation.parts import Parts
from intercoder.training.distillation.training_sets import told_of
from tests.training.distillation.studies import REPAIR, item


@pytest.mark.parametrize(("by", "towns"), [("", ""), ("town", "ab")])
def test_a_card_tells_which_groups_were_learnt_from_or_chosen_with(by: str, towns: str) -> None:
    parts = [(item(f"text {town}", {"c_1": True}, town=town),) for town in "abc"]
    material: Any = SimpleNamespace(
        parts=Parts(*parts, 0),
        settings=SimpleNamespace(by=by, temperature=0.7, seed=0, filter=0),
        folder=SimpleNamespace(study=SimpleNamespace(synthesizer=SimpleNamespace(sampling=SimpleNamespace()))),
        book=Codebook(version=1, codes=(REPAIR,)),
        sample="",
        data=SimpleNamespace(people=(), undecided=0),
    )
    learnt: Any = SimpleNamespace(human=(), synthetic=())
    material.folder.study.synthesizer.sampling.temperature = 0.7
    expected = {key for town in towns for key in group_keys({"town": town}, ["town"])}
    assert set(told_of(material, learnt).learnt_groups) == expected
