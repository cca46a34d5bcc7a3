"""The report as one HTML page that needs no network and trusts nothing that was said in the study."""

from __future__ import annotations

from intercoder.evals.report.deductive.agreement_figure import agreement_series, forest
from intercoder.evals.report.inductive.code_index import index
from intercoder.evals.report.inductive.comparison import Embed
from intercoder.evals.report.inductive.contents import Contents
from intercoder.evals.report.inductive.methods import methods
from intercoder.evals.report.inductive.quality_figures import composite_figure, length_figure, likeness_figures
from intercoder.evals.report.inductive.reading_figures import cooccurrence_figure, saturation_figure
from intercoder.evals.report.inductive.space_figures import measured, network_figure, space_figure
from intercoder.evals.report.inductive.summary import summary
from intercoder.evals.report.inductive.tables import codes_data, decisions_data, kept
from intercoder.evals.report.rendering import render, specifications


def report_html(contents: Contents, embed: Embed, *, study_argument: str = "STUDY") -> str:
    """Make the page. The same contents give the same text.

    Args:
        contents: What it is about.
        embed: Embeds labels.
        study_argument: The study's directory as it is typed after a command.
    """
    numbered = index(contents)
    series = agreement_series(contents)
    spaces = measured(contents, numbered, embed)
    likeness = likeness_figures(contents, numbered, embed)
    figures = [
        forest(series, numbered),
        composite_figure(contents, numbered, embed),
        space_figure(spaces, numbered),
        length_figure(contents, numbered),
        *likeness,
        network_figure(spaces, contents, numbered),
        saturation_figure(contents, numbered),
        cooccurrence_figure(contents, numbered),
    ]
    decisions = kept(contents)
    data = {
        "figures": specifications(figures),
        "codes": codes_data(contents, numbered, series),
        "decisions": decisions_data(contents, numbered, decisions.lines),
    }
    return render(
        "page.html.jinja",
        "page.js",
        contents=contents,
        summary=summary(contents, numbered, series, spaces),
        figures=figures,
        decisions=decisions,
        code_count=len(numbered.codes),
        agreement_among=series[0].name if series else "",
        methods=methods(contents, series, spaces, [figure.id for figure in figures if not figure.undefined]),
        study_argument=study_argument,
        data=data,
    )
