"""Seed 003, experiment 2, redone: do the metrics move as the seed says when a coder floods or hallucinates?

The team is the eight `item_phrases` coders of physics_lab and one more, which is replaced. The seed prompted a
model for its variants; here they are made of codes that were really given:

- baseline: a coder of the `item_verb_phrases` family, as it is;
- flooding: every code of that whole family, the others of which are not in the team;
- hallucinating: as many codes as the baseline has, drawn from those people gave to answers about games as art.

Labels are merged as in stages 1 and 2 of the seed (cosine distance 0.32), then the team is measured; concepts up to
0.55 apart are neighbors. Every coder of the family takes its turn as baseline, with its own draw; the table shows
means. The seed's combined coder is left out: there are too few codes from elsewhere to flood with.

    python benchmarks/seed_003_experiment.py [--model embedded:minilm-l6]
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.machine_coders import DATA, CodeSpaces, embedded, labels_of, machine_coders
from benchmarks.reporting import report
from intercoder.core.coding.concepts import absorb, union
from intercoder.evals.code_space import CodeSpaceMetrics, measure, red_flags
from intercoder.evals.spaces.clustering import clusters

ELSEWHERE = DATA.parents[1] / "games_as_art" / "responses.csv"
STRICT = 0.32
UPPER = 0.55
REPLACED = "replaced coder"
METRICS = ("coverage", "overlap", "novelty", "divergence")
COLUMNS = ("labels", *METRICS, "coverage per label", "flagged flooding", "flagged hallucination")


def foreign_codes() -> list[str]:
    """Codes that people gave to another corpus."""
    if not ELSEWHERE.is_file():
        sys.exit(f"The codes of another corpus are not here: {ELSEWHERE}")
    with ELSEWHERE.open(encoding="utf-8", newline="") as file:
        codes = [code.strip().lower() for row in csv.DictReader(file) for code in row["human_codes"].split(";")]
    return list(dict.fromkeys(filter(None, codes)))


def variants(spaces: CodeSpaces, baseline: str, family: list[str], seed: int) -> dict[str, dict[str, list[str]]]:
    """The code spaces of the three variants of one coder."""
    own = spaces[baseline]
    drawn = np.random.default_rng(seed).permutation(foreign_codes())[: len(own)]
    return {
        "baseline": own,
        "flooding": {label: ids for coder in family for label, ids in spaces[coder].items()},
        # The examples play no part in these metrics; the codes themselves come from elsewhere.
        "hallucinating": {str(label): ids for label, ids in zip(drawn, own.values(), strict=False)},
    }


def aggregated(team: CodeSpaces, rows: Mapping[str, npt.NDArray[np.float32]]) -> dict[str, CodeSpaceMetrics]:
    """Merge a team's labels in stages 1 and 2, and measure the team."""
    concepts = union(team)
    vectors = np.stack([rows[concept.label] for concept in concepts])
    found = clusters(vectors, [concept.examples for concept in concepts], lower=STRICT, upper=STRICT)
    merged = {place for cluster in found for place in cluster.members}
    alone = [concept for place, concept in enumerate(concepts) if place not in merged]
    concepts = [absorb([concepts[place] for place in cluster.members]) for cluster in found] + alone
    return measure(
        team,
        embeddings=np.stack([rows[concept.label] for concept in concepts]),
        labels=[concept.label for concept in concepts],
        alternatives={concept.label: concept.alternatives for concept in concepts},
        neighbor_threshold=UPPER,
    )


def figures_of(metrics: Mapping[str, CodeSpaceMetrics]) -> list[float]:
    """The replaced coder's row of the table, in the order of `COLUMNS`."""
    found = metrics[REPLACED]
    flags = {flag.suspicion for flag in red_flags(metrics) if flag.coder == REPLACED}
    return [
        found.size,
        *(getattr(found, metric) for metric in METRICS),
        found.coverage / found.size,
        "flooding" in flags,
        "hallucination" in flags,
    ]


def hypotheses(table: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The seed's hypotheses 7 and 8; 1 holds, 0 does not."""
    base, flood, elsewhere = (table[variant] for variant in ("baseline", "flooding", "hallucinating"))
    return {
        "7: flooding raises coverage": flood["coverage"] > base["coverage"],
        "7: flooding raises overlap": flood["overlap"] > base["overlap"],
        "7: flooding raises novelty": flood["novelty"] > base["novelty"],
        "7: with diminishing returns": flood["coverage per label"] < base["coverage per label"],
        "7: change of divergence": flood["divergence"] - base["divergence"],
        "8: hallucination lowers coverage": elsewhere["coverage"] < base["coverage"],
        "8: hallucination lowers overlap": elsewhere["overlap"] < base["overlap"],
        "8: hallucination raises divergence": elsewhere["divergence"] > base["divergence"],
        "8: change of divergence": elsewhere["divergence"] - base["divergence"],
    }


def main() -> None:
    """Measure and report."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument(
        "--model", default="embedded:minilm-l6", help="or scripted:hashing, which needs no weights"
    )
    spaces = machine_coders()
    texts = list(dict.fromkeys([*labels_of(spaces), *foreign_codes()]))
    rows = dict(zip(texts, embedded(texts, arguments.parse_args().model), strict=True))
    team = {coder: space for coder, space in spaces.items() if coder.startswith("item_phrases/")}
    family = [coder for coder in spaces if coder.startswith("item_verb_phrases/")]
    found: dict[str, list[list[float]]] = {}
    for seed, baseline in enumerate(family):
        for variant, space in variants(spaces, baseline, family, seed).items():
            found.setdefault(variant, []).append(figures_of(aggregated(team | {REPLACED: space}, rows)))
    means = {variant: np.mean(values, axis=0) for variant, values in found.items()}
    table = {variant: dict(zip(COLUMNS, map(float, row), strict=True)) for variant, row in means.items()}
    report("seed_003_experiment", table | {"hypotheses": hypotheses(table)})
    print(f"\n{'':15}" + "  ".join(COLUMNS))
    for variant, values in table.items():
        print(f"{variant:15}" + "  ".join(f"{value:{len(column)}.3g}" for column, value in values.items()))


if __name__ == "__main__":
    main()
