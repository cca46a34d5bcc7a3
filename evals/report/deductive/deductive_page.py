"""The report of a deductive run as one HTML page."""

from __future__ import annotations

from typing import NamedTuple

from intercoder.evals.report.classifiers.classifier_section import (
    CODE_COLUMNS,
    PROBLEM_COLUMNS,
    Classifiers,
    classifier_section,
)
from intercoder.evals.report.deductive.calibration_figures import (
    VERDICT_COLUMNS,
    calibration_figure,
    sample_told,
    verdict_rows,
    verdict_title,
)
from intercoder.evals.report.deductive.code_pages import code_pages
from intercoder.evals.report.deductive.deductive_contents import DeductiveContents, Numbers, numbers
from intercoder.evals.report.deductive.deductive_methods import deductive_methods
from intercoder.evals.report.deductive.deductive_summary import deductive_summary, time_told
from intercoder.evals.report.deductive.deductive_tables import (
    CODER_COLUMNS,
    FAILURE_COLUMNS,
    code_names,
    coder_rows,
    decision_data,
    failure_rows,
    failures_told,
)
from intercoder.evals.report.deductive.estimate_figures import coverage_told, share_figure, together_figure
from intercoder.evals.report.deductive.randomness_tests import randomness_figure
from intercoder.evals.report.deductive.revision_history import stages
from intercoder.evals.report.figures import Cell, Figure
from intercoder.evals.report.rendering import render, specifications

FIRST = {
    "codevelop": ("randomness", "codes", "revisions"),
    "calibrate": ("calibration", "randomness", "codes", "revisions"),
    "final": ("estimates", "calibration", "randomness", "codes", "revisions"),
}
"""Sections by graph, those it was run for first."""
TITLES = {
    "randomness": "Tests of randomness",
    "codes": "Codes",
    "revisions": "Revision history",
    "calibration": "Calibration",
    "estimates": "Final estimates",
    "classifiers": "Classifiers",
    "failures": "Failures",
    "time": "Time",
    "coders": "Who coded",
    "decisions": "Decisions",
    "methods": "Methods",
}


class Table(NamedTuple):
    """A table under a title."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def deductive_html(contents: DeductiveContents, *, study_argument: str = "STUDY") -> str:
    """Make the page. The same contents give the same text.

    Args:
        contents: What it is about.
        study_argument: The study's directory as it is typed after a command.
    """
    numbered = numbers(contents)
    distilled = classifier_section(contents.evaluations, contents.grids)
    figures = [*_figures(contents, numbered), *distilled.figures]
    sections = _sections(contents, figures, distilled)
    return render(
        "deductive.html.jinja",
        "deductive.js",
        style="deductive.css",
        contents=contents,
        summary=deductive_summary(contents, numbered),
        overrides=_overrides(contents, numbered),
        sections=sections,
        titles=TITLES,
        figures={figure.id: figure for figure in figures},
        coders=Table(TITLES["coders"], CODER_COLUMNS, tuple(coder_rows(contents, numbered))),
        pages=code_pages(contents, numbered),
        stages=stages(contents, numbered),
        sample_told=sample_told(contents.calibrated) if contents.calibrated else "",
        verdicts=_verdicts(contents, numbered),
        coverage_told=coverage_told(contents) if contents.estimates else "",
        times=time_told(contents),
        distilled=distilled,
        classifier_columns=CODE_COLUMNS,
        problem_columns=PROBLEM_COLUMNS,
        failures=Table(TITLES["failures"], FAILURE_COLUMNS, tuple(failure_rows(contents, numbered))),
        failures_told=failures_told(contents, study_argument),
        methods=deductive_methods(contents),
        study_argument=study_argument,
        data={
            "figures": specifications(figures),
            "codes": code_names(numbered),
            "decisions": decision_data(contents, numbered),
        },
    )


def _figures(contents: DeductiveContents, numbered: Numbers) -> list[Figure]:
    figures = [randomness_figure(contents, numbered)]
    if contents.calibrated:
        figures.append(calibration_figure(contents, numbered))
    if contents.estimates:
        figures += [share_figure(contents, numbered), together_figure(contents, numbered)]
    return figures


def _sections(contents: DeductiveContents, figures: list[Figure], distilled: Classifiers) -> tuple[str, ...]:
    """Those in which there is something to show."""
    shown = {
        "randomness": any(figure.id == "randomness" and not figure.undefined for figure in figures),
        "codes": bool(contents.coded),
        "revisions": len(contents.versions) > 1 or bool(contents.revisions),
        "calibration": contents.calibrated is not None,
        "estimates": contents.estimates is not None,
    }
    first = [name for name in FIRST.get(contents.run.graph, FIRST["codevelop"]) if shown[name]]
    there = bool(distilled.classifiers or distilled.grids)
    rest = [
        ("classifiers", there),
        ("failures", bool(contents.failures)),
        ("time", contents.seconds > 0),
        ("coders", True),
    ]
    return (*first, *(name for name, there in rest if there))


def _overrides(contents: DeductiveContents, numbered: Numbers) -> tuple[tuple[Cell, str, str, str], ...]:
    """Code, what its verdict was, who let it in, and why."""
    return tuple(
        (numbered.about(one.code_id), one.verdict or "not calibrated", one.by or "somebody", one.note)
        for one in contents.overrides
    )


def _verdicts(contents: DeductiveContents, numbered: Numbers) -> tuple[Table, ...]:
    found = contents.calibrated
    if found is None:
        return ()
    return tuple(
        Table(verdict_title(coder, found), VERDICT_COLUMNS, tuple(verdict_rows(coder, numbered)))
        for coder in found.coders
    )
