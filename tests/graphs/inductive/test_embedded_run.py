"""The main job with real weights: the bundled example, a real model, real embeddings, a real Chroma."""

from pathlib import Path

import pytest

from intercoder.agents.answers import LABEL_LENGTH, parse_coder_answer
from intercoder.cli.studies.importing import import_file
from intercoder.cli.studies.settings_template import settings_text
from intercoder.formats.options import ReadOptions
from intercoder.graphs.jobs import begin_inductive, execute
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.database import reading
from intercoder.stores.runs.export import coded_lines
from intercoder.stores.schema import answers
from intercoder.stores.study_folder import create_study

pytestmark = [pytest.mark.embedded, pytest.mark.long]

SEGMENTS = 10
"""Turns of the one who is asked."""
QUESTION = "How do people come to repair things instead of replacing them, and what gets in their way?"


def test_a_bundled_interview_is_coded(tmp_path: Path, interviews: list[Path]) -> None:
    folder = create_study(tmp_path / "study", settings_text(QUESTION, "embedded:smollm2-135m"))
    import_file(folder, interviews[0].name, interviews[0], "turn", ReadOptions())
    result = execute(folder, lambda: begin_inductive(folder, Scope(skip_speakers=("Interviewer",))), lambda _: None)
    assert result is not None
    lines = list(coded_lines(folder, result.run))
    failed = result.run.failures
    coders = [line for line in lines if line["role"] == "coder"]
    assert len({(line["segment_id"], line["coder"]) for line in coders}) + failed == 3 * SEGMENTS
    assert failed <= 1, "constrained answers should hardly ever fail"
    labels = [str(line["label"]) for line in lines if line["label"] is not None]
    assert labels
    assert all(0 < len(label) <= LABEL_LENGTH for label in labels)
    verified = [line for line in coders if line["label"] is not None and line["verified"]]
    for line in verified:
        start = int(str(line["quote_start"])) - int(str(line["start"]))
        end = int(str(line["quote_end"])) - int(str(line["start"]))
        assert str(line["text"])[start:end] == line["quote"]
    with reading(folder.engine) as connection:
        usable = connection.execute(answers.select().where(answers.c.status == "ok")).all()
    assert len(usable) >= 3 * SEGMENTS - failed
    for row in usable:
        parse_coder_answer(row.text, max_codes=1)
    assert len(result.codebook.codes) >= 5
    assert (folder.path / "memory" / "chroma").is_dir()


def test_real_embeddings_merge_what_means_the_same() -> None:
    from intercoder.graphs import code_inductively
    from intercoder.llms.scripted import ScriptedChatModel

    labels = {"one": "cost of repair", "two": "expensive repairs", "three": "learning from a grandfather"}

    def answer(messages: object, schema: object, seed: object) -> str:
        text = messages[-1][1]  # type: ignore[index]
        label = next(label for word, label in labels.items() if f"text {word} " in text)
        return f'{{"codes": [{{"quote": "", "label": "{label}", "reason": ""}}]}}'

    texts = [f"This is text {word} of three." for word in labels]
    result = code_inductively(texts, question="why?", model=ScriptedChatModel(answer=answer))
    assert [code.label for code in result.codebook.codes] == ["cost of repair", "learning from a grandfather"]
