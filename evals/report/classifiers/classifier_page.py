"""The report on a study's classifiers and grids as a page of its own, for a study without a run to report on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from intercoder.core.classifier_results import Evaluation
from intercoder.evals.report.classifiers.classifier_section import CODE_COLUMNS, PROBLEM_COLUMNS, classifier_section
from intercoder.evals.report.rendering import render, specifications
from intercoder.stores.classifiers.classifier_folders import WorkedGrid


class _Asked(NamedTuple):
    """What the page's head names."""

    question: str


class _Contents(NamedTuple):
    study: _Asked


def classifiers_html(question: str, evaluations: Sequence[Evaluation], grids: Sequence[WorkedGrid]) -> str:
    """Make the page. The same contents give the same text.

    Args:
        question: The study's.
        evaluations: Of its classifiers.
        grids: Its grids.
    """
    distilled = classifier_section(evaluations, grids)
    return render(
        "classifiers.html.jinja",
        "classifiers.js",
        style="deductive.css",
        contents=_Contents(_Asked(question)),
        distilled=distilled,
        classifier_columns=CODE_COLUMNS,
        problem_columns=PROBLEM_COLUMNS,
        data={"figures": specifications(distilled.figures)},
    )
