"""A merge and themes with real weights: real embeddings, and definitions by a real model."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from intercoder.agents.writing import DEFINITION_LENGTH
from intercoder.core.agent_settings import WriterSettings
from intercoder.core.study import Study
from intercoder.graphs.jobs import begin_inductive, execute
from intercoder.graphs.merging.merge_jobs import begin_merge, begin_themes, inspect_threshold, proposed_themes
from intercoder.llms.scripted import ScriptedChatModel
from intercoder.stores.codebooks.concepts import SqlConceptStore, final_concepts, read_merges
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.study_folder import StudyFolder, create_study
from tests.graphs.conftest import fill

pytestmark = pytest.mark.embedded

SETTINGS = """
question = "Why do people repair things?"
[[coders]]
name = "ana"
model = "scripted:words"
[[coders]]
name = "ben"
model = "scripted:words"
seed = 1
[coding]
context_before = 0
[refinement]
tau = 0.95
[definer]
model = "embedded:smollm2-135m"
[themer]
model = "embedded:smollm2-135m"
[limits]
concurrency = 16
"""
SAID = (
    ("The shop asks more for a repair than for a new one.", "cost of repair", "costs of repairs"),
    ("My grandfather showed me how to solder.", "learning from a grandfather", "taught by grandfather"),
    ("They glue the case shut so that nobody can open it.", "sealed devices", "devices sealed shut"),
    ("I waited six weeks for a spare part.", "waiting for spare parts", "long wait for spare parts"),
    ("It is fun to see it work again.", "joy of fixing", "pride in old tools"),
)


@pytest.fixture
def coded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StudyFolder:
    """Five passages that two coders label alike but for the last."""

    def answer(self: Any, messages: Sequence[tuple[str, str]], schema: Mapping[str, Any], seed: int | None) -> str:
        label = next(labels[seed or 0] for text, *labels in SAID if text in messages[-1][1])
        return json.dumps({"codes": [{"quote": "", "label": label, "reason": ""}]})

    folder = create_study(tmp_path / "study", SETTINGS)
    fill(folder, "\n\n".join(text for text, *_ in SAID))
    monkeypatch.setattr(ScriptedChatModel, "_reply", answer)
    execute(folder, lambda: begin_inductive(folder, Scope()), lambda _: None)
    return folder


def test_real_embeddings_and_definitions_take_together_what_means_the_same(coded: StudyFolder) -> None:
    pairs = {(pair.first, pair.second): pair.side for pair in inspect_threshold(coded, coded.study)}
    assert pairs["cost of repair", "costs of repairs"] == "under"
    assert pairs.get(("joy of fixing", "pride in old tools")) != "under"
    assert list(pairs.values()).count("over") == 10
    result = execute(coded, lambda: begin_merge(coded, coded.study), lambda _: None)
    assert result is not None
    assert result.run.failures == 0
    store = SqlConceptStore(coded.engine, coded.study.id)
    by_labels = store.concepts(result.run.id, 2)
    together = {concept.alternatives for concept in by_labels if len(concept.alternatives) > 1}
    assert {
        ("cost of repair", "costs of repairs"),
        ("waiting for spare parts", "long wait for spare parts"),
    } <= together
    assert ("joy of fixing", "pride in old tools") not in together
    defined = store.concepts(result.run.id, 3)
    assert all(0 < len(one.definition) <= DEFINITION_LENGTH + 2 and one.answer_key for one in defined)
    final = final_concepts(coded.engine, coded.study.id, result.run.id)
    assert sorted(label for one in final for label in one.alternatives) == sorted(
        label for _, *labels in SAID for label in labels
    )
    assert all(0 <= merge["distance"] <= 2 for merge in read_merges(coded.engine, coded.study.id, result.run.id))


def test_a_real_model_names_themes(coded: StudyFolder) -> None:
    study: Study = coded.study.model_copy(update={"themer": WriterSettings(model="embedded:smollm2-135m")})
    result = execute(coded, lambda: begin_themes(coded, study), lambda _: None)
    assert result is not None
    themes = proposed_themes(coded, result.run)
    assert result.run.failures == 0
    assert len(themes) >= 3
    assert all(theme.label and theme.definition for theme in themes)
