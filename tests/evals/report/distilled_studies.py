"""Made-up results of classifiers and grids, measured as real ones are."""

import math
from collections.abc import Iterator

import numpy as np

from intercoder.core.classifier_results import (
    CellSettings,
    Evaluation,
    Grid,
    GridCell,
    Head,
    MeasuredCode,
    PartSizes,
    SystemFigures,
)
from intercoder.evals.classifiers.cascade import Prices, cascade_curve
from intercoder.evals.classifiers.classification import Asked, among_people, classified
from intercoder.evals.classifiers.reliability import answers, as_targets, reliability
from intercoder.stores.classifiers.classifier_folders import WorkedGrid

MODEL = "embedded:qwen2.5-coder-0.5b"
PARTS = PartSizes(training=300, development=80, held_out=160, undecided=7)


def codes(*labels: str) -> tuple[MeasuredCode, ...]:
    return tuple(MeasuredCode(code_id=f"c_{place}", label=label) for place, label in enumerate(labels))


def evaluation(name: str, *labels: str, head: Head = "yes_no", segments: int = 160, seed: int = 0) -> Evaluation:
    """One classifier: probabilities that are a little too sure of themselves, three people, a model."""
    draws, asked = np.random.default_rng(seed), Asked(codes(*labels), head, n_boot=200)
    chances = draws.beta(0.6, 0.6, (segments, len(labels)))
    if head == "one_of_k":
        chances /= chances.sum(axis=1, keepdims=True)
    people = [_drawn(draws, chances, head) for _ in range(3)]
    truth = as_targets(np.sort(np.array(people), axis=0)[1], asked.codes, head)
    model = as_targets(_drawn(draws, 0.2 + 0.6 * chances, head), asked.codes, head)
    sure = np.clip((chances - 0.5) * 1.3 + 0.5, 0.01, 0.99)
    if head == "one_of_k":
        sure = chances
    said = as_targets(answers(sure, head).chosen, asked.codes, head)
    worse = as_targets(_drawn(draws, chances, head), asked.codes, head)
    curve, chosen = {}, 0.72
    for part, count in (("development", segments // 2), ("held_out", segments)):
        curve[part] = cascade_curve(
            truth[:count], sure[:count], model[:count], asked, model=MODEL, part=part, chosen=chosen, target=0.9,
            reached=True, prices=Prices(0.0004, 0.9, 0.0005), steps=12,
        )  # fmt: skip
    systems = (
        classified(
            truth, said, asked, system="classifier", name=f"classifier:{name}", trained_on=400, synthetic=320
        ),
        classified(truth, worse, asked, system="human_same_size", name="the 80 of people's alone", trained_on=80),
        classified(
            truth, said, asked, system="logistic", name="logistic regression", trained_on=400, synthetic=320
        ),
        classified(truth, model, asked, system="model", name=MODEL),
        among_people({f"p{place}": as_targets(one, asked.codes, head) for place, one in enumerate(people)}, asked),
    )
    return Evaluation(
        classifier=name,
        digest="0123456789ab",
        head=head,
        codes=asked.codes,
        parts=PARTS,
        human=80,
        synthetic=320,
        systems=systems,
        reliability=reliability(truth, sure, asked, temperature=1.42),
        unscaled=reliability(truth, np.clip((sure - 0.5) * 1.5 + 0.5, 0, 1), asked, temperature=1.0),
        development_curve=curve["development"],
        curve=curve["held_out"],
        truncated=0.031,
        notes=("People were asked in pairs.",),
    )


def _drawn(draws: np.random.Generator, chances: np.ndarray, head: Head) -> np.ndarray:
    if head == "one_of_k":
        return np.array([[draws.choice(len(row), p=row / row.sum())] for row in chances])
    return (draws.random(chances.shape) < chances).astype(np.int64)


def grid(name: str, *labels: str, seeds: int = 3, left: int = 0, failed: int = 0) -> WorkedGrid:
    """A grid in which 80% is best, and a higher temperature spreads seeds wider."""
    draws = np.random.default_rng(5)
    settings = list(_settings(seeds))
    worked = [_cell(one, str(place), draws) for place, one in enumerate(settings[: len(settings) - left])]
    for place in range(failed):
        worked[place] = GridCell(
            settings=settings[place], key=str(place), problem="ModelError: memory <b>ran</b> out."
        )
    made = Grid(
        name=name,
        head="multi_label" if len(labels) > 1 else "yes_no",
        codes=codes(*labels),
        parts=PARTS,
        encoder="embedded:minilm-l6",
        synthesizer=MODEL,
        cells=tuple(settings),
        keys=tuple(map(str, range(len(settings)))),
        systems=(_figures("model", MODEL, 0.55, draws), _figures("people", "people, pair by pair", 0.9, draws)),
    )
    return WorkedGrid(made, tuple(worked))


def _settings(seeds: int) -> Iterator[CellSettings]:
    for share in (0, 0.2, 0.5, 0.8, 0.95):
        for temperature in (0.3, 0.7, 1.0) if share else (math.nan,):
            for seed in range(seeds):
                yield CellSettings(share=share, total=400, temperature=temperature, seed=seed)


def _cell(settings: CellSettings, key: str, draws: np.random.Generator) -> GridCell:
    middle = 0.8 - 0.3 * (settings.share - 0.8) ** 2
    wide = 0.01 if math.isnan(settings.temperature) else 0.02 * settings.temperature**2 + 0.005
    systems = (
        _figures("classifier", "classifier", draws.normal(middle, wide), draws),
        _figures("human_same_size", "people's alone", draws.normal(0.78 - 0.2 * settings.share, 0.02), draws),
        _figures("logistic", "logistic regression", draws.normal(middle - 0.05, wide), draws),
    )
    return GridCell(settings=settings, key=key, human=80, synthetic=320, systems=systems)


def _figures(system, name: str, value: float, draws: np.random.Generator) -> SystemFigures:
    one = {"value": value, "low": value - 0.03, "high": value + 0.03, "n": 160}
    kappa = {key: part if key == "n" else 2 * part - 1 for key, part in one.items()}
    return SystemFigures.model_validate(
        {
            "system": system, "name": name, "macro_f1": one, "kappa": kappa, "ac1": kappa, "agreement": one,
            "decisions": 160, "asked": 160, "trained_on": 400, "synthetic": 320,
        }
    )  # fmt: skip
