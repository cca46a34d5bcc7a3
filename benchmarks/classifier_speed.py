"""Segments a second: a classifier alone and through `run final`, against the embedded model on the same segments.

A classifier of MiniLM learns, for a few steps, whether sentences of manifestos are about immigration: how fast it
is does not depend on what it learnt. Then, each after a run that loads its weights:

1. the classifier by itself on all sentences, sorted by length and in batches;
2. `run final` with the classifier, on all sentences, and on a sample of them: from the store, through the graph,
   into the store;
3. `run final` with the embedded model in its place, on the same sample.

    python benchmarks/classifier_speed.py [--texts N] [--sample 64] [--model REFERENCE] [--steps 8] [--data FOLDER]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.distillation_studies import DATA, IMMIGRATION, TextSet, immigration, study_of, subset
from benchmarks.reporting import report
from intercoder.core.agent_settings import DEFAULT_MODEL
from intercoder.graphs.deductive.final_jobs import begin_final
from intercoder.graphs.jobs import execute
from intercoder.llms.classifiers.classifiers import load_classifier
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.study_folder import SETTINGS, StudyFolder, open_study
from intercoder.training.distillation.distillation_settings import read_settings
from intercoder.training.distillation.distilling import distill
from intercoder.training.distillation.material import prepare

NAME = "speed"
STUDY = """
question = {question}
[coding]
context_before = 0
[[coders]]
name = "coder"
model = "scripted:words"
[[deductive.coders]]
name = "reader"
model = {model}
"""
WARM = Scope(sample=2, seed=999)
"""Read before what is timed, so that weights are in memory."""


class Timed(NamedTuple):
    """A run."""

    segments: int
    seconds: float

    @property
    def rate(self) -> float:
        """Segments a second."""
        return self.segments / self.seconds


def learnt(place: Path, texts: TextSet, steps: int) -> Path:
    """A classifier of the texts, after so many steps."""
    folder = study_of(place, texts, settings(texts, "scripted:words"))
    wanted = read_settings(None, ["share=0.0", f"classifier.max_steps={steps}", "resamples=100"])
    made = distill(prepare(folder, (), wanted), NAME)
    folder.close()
    return made.folder


def settings(texts: TextSet, model: str) -> str:
    """study.toml with one deductive coder."""
    return STUDY.format(question=json.dumps(texts.question), model=json.dumps(model))


def alone(classifier: Path, texts: TextSet) -> Timed:
    """The classifier by itself."""
    sentences = [one.text for one in texts.texts]
    loaded = load_classifier(classifier)
    loaded.probabilities(sentences[:2])
    began = time.perf_counter()
    loaded.probabilities(sentences)
    return Timed(len(sentences), time.perf_counter() - began)


def through_the_graph(place: Path, texts: TextSet, model: str, scopes: list[Scope]) -> list[Timed]:
    """`run final` with a coder, on each scope."""
    (place / SETTINGS).write_text(settings(texts, model), encoding="utf-8")
    folder = open_study(place)
    try:
        _run(folder, WARM)
        return [_run(folder, scope) for scope in scopes]
    finally:
        folder.close()


def _run(folder: StudyFolder, scope: Scope) -> Timed:
    let_in = {IMMIGRATION.label: "Its speed is measured, not its answers."}
    began = time.perf_counter()
    result = execute(folder, lambda: begin_final(folder, scope, let_in, "benchmark"), lambda event: None)
    seconds = time.perf_counter() - began
    assert result is not None
    return Timed(result.run.total, seconds)


def measure(texts: TextSet, sample: int, model: str, steps: int) -> dict[str, dict[str, float]]:
    """All rates, and how many times the embedded model's the classifier's are."""
    some = Scope(sample=sample, seed=1)
    with tempfile.TemporaryDirectory(prefix="classifier-speed-") as work:
        place = Path(work) / "study"
        classifier = learnt(place, texts, steps)
        by_itself = alone(classifier, texts)
        everything, same = through_the_graph(place, texts, f"classifier:{NAME}", [Scope(), some])
        (embedded,) = through_the_graph(place, texts, model, [some])
    return {
        "segments a second": {
            f"classifier alone, {by_itself.segments:,} segments": by_itself.rate,
            f"run final, {everything.segments:,} segments": everything.rate,
            f"run final, the same {same.segments:,}": same.rate,
            f"{model}, the same {embedded.segments:,}": embedded.rate,
        },
        f"times {model}": {
            "classifier alone": by_itself.rate / embedded.rate,
            "run final, all": everything.rate / embedded.rate,
            "run final, the same": same.rate / embedded.rate,
        },
    }


def main() -> None:
    """Measure and report."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--texts", type=int, default=0, help="so many sentences; all by default")
    arguments.add_argument("--sample", type=int, default=64, help="sentences that the embedded model reads")
    arguments.add_argument("--model", default=DEFAULT_MODEL, help="the embedded model")
    arguments.add_argument("--steps", type=int, default=8, help="steps that the classifier learns for")
    arguments.add_argument("--data", type=Path, default=DATA, help="folder with the texts")
    given = arguments.parse_args()
    if not (given.data / "uk_immigration_crowd").is_dir():
        sys.exit(f"The texts are not here: {given.data}")
    texts = subset(immigration(given.data), given.texts)
    report("classifier_speed", measure(texts, given.sample, given.model, given.steps))


if __name__ == "__main__":
    main()
