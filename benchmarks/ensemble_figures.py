"""The seed's figures 2, 4, 5 and 6 of `ensemble.py`, drawn by the report's own functions, on one page."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from benchmarks.ensemble_measures import Embed
from benchmarks.ensemble_texts import Item, TextSet
from intercoder.core.agent_settings import default_coders
from intercoder.core.coding.codings import ENSEMBLE, Coder
from intercoder.core.protocols import Run
from intercoder.core.study import Study
from intercoder.evals.report.figures import Figure
from intercoder.evals.report.inductive.code_index import index
from intercoder.evals.report.inductive.comparison import compare
from intercoder.evals.report.inductive.contents import Contents
from intercoder.evals.report.inductive.quality_figures import composite_figure, length_figure, likeness_figures

PEOPLE = "people"


def figures_page(
    texts: TextSet, items: Sequence[Item], systems: Mapping[str, Sequence[str]], ensemble: str, embed: Embed
) -> str:
    """An HTML page with the figures of one set.

    Args:
        texts: The set.
        items: Its texts that were asked about.
        systems: System -> its label for each text.
        ensemble: Which of them is called the ensemble.
        embed: Embeds labels.
    """
    contents = _contents(texts, items, systems, ensemble, embed)
    numbered = index(contents)
    figures = [
        composite_figure(contents, numbered, embed),
        length_figure(contents, numbered),
        *likeness_figures(contents, numbered, embed),
    ]
    first = next((figure for figure in figures if not figure.undefined), None)
    parts = [_drawn(figure, first=figure is first) for figure in figures]
    title = f"Ensembles on small models: {html.escape(texts.name)}"
    return f'<!doctype html><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>{"".join(parts)}'


def _drawn(figure: Figure, *, first: bool) -> str:
    from plotly.graph_objects import Figure as Drawing

    if figure.undefined:
        return f"<h2>{html.escape(figure.title)}</h2><p>{html.escape(figure.undefined)}</p>"
    drawing = Drawing(data=list(figure.data), layout=dict(figure.layout))
    picture = drawing.to_html(full_html=False, include_plotlyjs=first)
    return f"<h2>{html.escape(figure.title)}</h2><p>{html.escape(figure.reading)}</p>{picture}"


def _contents(
    texts: TextSet, items: Sequence[Item], systems: Mapping[str, Sequence[str]], ensemble: str, embed: Embed
) -> Contents:
    """What the report's figures look at: people, and the systems in the place of coders."""
    ids = [item.segment.id for item in items]
    wanted = dict(zip(ids, (item.references for item in items), strict=True))
    coders = [Coder(name=PEOPLE, role="human", labels=wanted)]
    for name, labels in systems.items():
        said = {key: (label,) if label else () for key, label in zip(ids, labels, strict=True)}
        role = "moderator" if ":" in name and " " in name else "coder"
        coders.append(Coder(name=ENSEMBLE if name == ensemble else name, role=role, labels=said))
    study = Study(id="benchmark", question=texts.question, coders=default_coders())
    run = Run(
        id="benchmark", graph="inductive", total=len(ids), codebook_version=1, settings=study.model_dump_json()
    )
    return Contents(
        study=study,
        run=run,
        coded=run,
        date="",
        segments=tuple(item.segment for item in items),
        comparison=compare(coders, [], embed, 0.7),
        definitions={},
        lines=(),
        asked=None,
    )
