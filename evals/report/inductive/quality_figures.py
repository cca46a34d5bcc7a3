"""Quality of labels, system by system: what seed 000 shows in its figures 2, 4, 5 and 6."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from intercoder.core.coding.codings import Coder
from intercoder.core.coding.refinement import folded
from intercoder.core.errors import InputError, ModelError
from intercoder.evals.labels.composite import mean_length
from intercoder.evals.quality import composite, pairwise_cosine, pairwise_jsd, rouge
from intercoder.evals.report.figures import (
    GREY,
    LIKE,
    PALETTE,
    Cell,
    Figure,
    category_axis,
    narrow_ticks,
    number,
    plain,
)
from intercoder.evals.report.inductive.code_index import Index
from intercoder.evals.report.inductive.comparison import Embed
from intercoder.evals.report.inductive.contents import Contents

if TYPE_CHECKING:
    import pandas as pd

NO_REFERENCE = (
    "Quality is measured against what people coded. Give their codings as a table with --reference FILE "
    "(columns coder, code, document, start, end)."
)
ROLES = {"coder": PALETTE[0], "moderator": PALETTE[1], "human": PALETTE[2]}
WITH_NUMBERS = 12
"""Systems up to which a heat map has its numbers written in."""


class Items(NamedTuple):
    """Segments on which every system said something, in the order in which they were read."""

    systems: dict[str, list[str]]
    """Name -> its first label for each."""
    references: list[list[str]]
    """What people coded, for each."""


def items(systems: Sequence[Coder], people: Sequence[Coder], segments: Sequence[str]) -> Items:
    """Where people coded something and all systems did.

    Of several labels a system's first counts; of several references the best match will.
    """
    references = {
        segment: list(dict.fromkeys(label for person in people for label in person.labels.get(segment, ())))
        for segment in segments
    }
    shared = [
        segment
        for segment in segments
        if references[segment] and all(system.labels.get(segment) for system in systems)
    ]
    return Items(
        {system.name: [system.labels[segment][0] for segment in shared] for system in systems},
        [references[segment] for segment in shared],
    )


def composite_figure(contents: Contents, index: Index, embed: Embed) -> Figure:
    """Composite scores as bars, mean ROUGE-1 as a line (seed 000, figure 2)."""
    figure = Figure(
        "composite",
        "Quality against people's codes",
        "Bars compare systems with one another (1 is best in likeness, METEOR, brevity and choice of words, 0 "
        "worst); the line is the mean share of words (ROUGE-1) they have in common with people's codes.",
    )
    if not contents.people:
        return figure._replace(undefined=NO_REFERENCE)
    people = [coder for coder in contents.comparison.said if coder.role == "human"]
    systems = [coder for coder in contents.comparison.said if coder.role != "human"]
    found = items(systems, people, [segment.id for segment in contents.segments])
    if not found.references:
        return figure._replace(undefined="There is no segment that people coded and all systems gave a label to.")
    try:
        table = composite(found.systems, found.references, embed=embed)
    except (InputError, ModelError) as error:
        return figure._replace(undefined=str(error))
    rouge1 = {name: _mean_rouge(labels, found.references) for name, labels in found.systems.items()}
    return _drawn_composite(figure, table, rouge1, index, len(found.references))


def _mean_rouge(labels: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    return fmean(rouge(texts, label).rouge1 for label, texts in zip(labels, references, strict=True))


def _drawn_composite(
    figure: Figure, table: pd.DataFrame, rouge1: Mapping[str, float], index: Index, n: int
) -> Figure:
    columns = ("composite", "cosine", "meteor", "length", "jsd")
    values = {str(name): {column: float(table.loc[name, column]) for column in columns} for name in table.index}
    names = sorted(values, key=lambda name: (-np.nan_to_num(values[name]["composite"], nan=-1.0), name))
    links, told = [index.coder(name) for name in names], [plain(name) for name in names]
    return figure._replace(
        columns=("system", "composite", "ROUGE-1", "cosine", "METEOR", "words a label", "divergence of words"),
        rows=tuple(
            (index.coder_link(name), values[name]["composite"], rouge1[name], *list(values[name].values())[1:])
            for name in names
        ),
        data=(
            {
                "type": "bar",
                "name": "composite",
                "x": list(range(len(names))),
                "y": [number(values[name]["composite"]) for name in names],
                "customdata": links,
                "marker": {"color": PALETTE[0]},
                "hovertext": told,
                "hovertemplate": "%{hovertext}: composite %{y:.3f}<extra></extra>",
            },
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": "mean ROUGE-1",
                "x": list(range(len(names))),
                "y": [number(rouge1[name]) for name in names],
                "customdata": links,
                "line": {"color": PALETTE[1], "width": 2},
                "marker": {"size": 9},
                "hovertext": told,
                "hovertemplate": "%{hovertext}: ROUGE-1 %{y:.3f}<extra></extra>",
            },
        ),
        layout={
            "height": 380,
            "xaxis": category_axis(names),
            "yaxis": {"range": [0, 1.05], "title": {"text": "score"}},
            "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0},
        },
        narrow=narrow_ticks("xaxis", labels=names),
        note=f"Over the {n:,} segments that people coded and every system gave a label to. The composite is "
        "relative: with another system in the table, every bar may change.",
    )


def length_figure(contents: Contents, index: Index) -> Figure:
    """Number of unique codes against their length (seed 000, figure 4)."""
    figure = Figure(
        "lengths",
        "Unique codes and their length",
        "Each point is a coder: the higher, the more different labels it used; the further right, the wordier they "
        "are. Points high above people's or the ensemble's name nearly every segment anew.",
    )
    rows: list[tuple[Coder, int, float]] = []
    for coder in contents.comparison.said:
        labels = [label for given in coder.labels.values() for label in given]
        if labels:
            rows.append((coder, len({folded(label) for label in labels}), mean_length(labels)))
    shown = [row for row in rows if number(row[2]) is not None]
    if not shown:
        return figure._replace(undefined="No coder gave a label whose words can be counted.")
    return figure._replace(
        columns=("coder", "role", "unique codes", "words a code"),
        rows=tuple((index.coder_link(coder.name), coder.role, unique, length) for coder, unique, length in rows),
        data=tuple(_points(shown, role, index) for role in ROLES if any(row[0].role == role for row in shown)),
        layout={
            "height": 400,
            "xaxis": {"title": {"text": "mean number of words"}, "range": _round_about([row[2] for row in shown])},
            "yaxis": {"title": {"text": "unique codes"}, "range": [0, 1.2 * max(row[1] for row in shown)]},
            "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0},
            "hovermode": "closest",
        },
    )


def _round_about(values: Sequence[float]) -> list[float]:
    """A range that leaves room for names on both sides."""
    room = max(0.25, 0.2 * (max(values) - min(values)))
    return [round(min(values) - room, 2), round(max(values) + room, 2)]


def _points(rows: Sequence[tuple[Coder, int, float]], role: str, index: Index) -> dict[str, Any]:
    own = [row for row in rows if row[0].role == role]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "meta": {"narrow": "markers" if len(rows) > CLOSE else "markers+text"},
        "name": {"coder": "model coders", "moderator": "moderators, ensemble", "human": "people"}[role],
        "x": [number(length) for _, _, length in own],
        "y": [unique for _, unique, _ in own],
        "text": [plain(coder.name, SHORT_NAME) for coder, _, _ in own],
        "textposition": [POSITIONS[place % len(POSITIONS)] for place in range(len(own))],
        "cliponaxis": False,
        "customdata": [index.coder(coder.name) for coder, _, _ in own],
        "marker": {"size": 11, "color": ROLES.get(role, GREY)},
        "hovertemplate": "%{text}: %{y} codes of %{x:.2f} words<extra></extra>",
    }


CLOSE = 4
"""Points whose names have room on a narrow screen."""
SHORT_NAME = 24
POSITIONS = ("top center", "bottom center", "middle right", "middle left")


def likeness_figures(contents: Contents, index: Index, embed: Embed) -> list[Figure]:
    """Mean cosine and divergence of words between each two (seed 000, figures 5 and 6)."""
    cosine = Figure(
        "cosine",
        "How alike labels are",
        "Each cell is the mean cosine of two coders' labels for the same segments: 1 means the same, near 0 "
        "nothing in common. Pairs that are very alike add little to one another.",
    )
    jsd = Figure(
        "jsd",
        "How far vocabularies are apart",
        "Each cell is the Jensen-Shannon divergence of two coders' words: 0 means the same words as often, 1 none "
        "in common.",
    )
    coders = [coder for coder in contents.comparison.said if any(coder.labels.values())]
    if len(coders) < 2:
        reason = "Comparing needs two coders who gave labels."
        return [cosine._replace(undefined=reason), jsd._replace(undefined=reason)]
    likeness = _remembered(coders, embed)
    # The same moderator and ensemble differ by refinement alone, and are both shown.
    order = [segment.id for segment in contents.segments]
    pairs = _square(coders, lambda one, other: _pair_cosine(one, other, order, likeness))
    texts = {coder.name: [label for given in coder.labels.values() for label in given] for coder in coders}
    names = [coder.name for coder in coders]
    return [
        _heat(cosine, names, pairs, index, (0.0, 1.0), turned=False),
        _heat(jsd, names, pairwise_jsd(texts).to_numpy(), index, (0.0, 1.0), turned=True),
    ]


def _remembered(coders: Sequence[Coder], embed: Embed) -> Callable[[Sequence[str]], npt.ArrayLike]:
    """Embeddings of all labels, looked up from now on."""
    labels = list(dict.fromkeys(label for coder in coders for given in coder.labels.values() for label in given))
    vectors = embed(labels)
    places = {label: place for place, label in enumerate(labels)}
    return lambda texts: vectors[[places[text] for text in texts]]


def _pair_cosine(
    one: Coder, other: Coder, order: Sequence[str], embed: Callable[[Sequence[str]], npt.ArrayLike]
) -> float:
    both = items([one, other], [one], order).systems
    if not both[one.name]:
        return float("nan")
    return float(pairwise_cosine(both, embed=embed).to_numpy()[0, 1])


def _square(coders: Sequence[Coder], measure: Callable[[Coder, Coder], float]) -> npt.NDArray[np.float64]:
    table = np.eye(len(coders))
    for row, one in enumerate(coders):
        for column, other in enumerate(coders[:row]):
            table[row, column] = table[column, row] = measure(one, other)
    return table


def _heat(
    figure: Figure,
    names: Sequence[str],
    table: npt.NDArray[np.float64],
    index: Index,
    limits: tuple[float, float],
    *,
    turned: bool,
) -> Figure:
    """A heat map of pairs; a click leads to the coder of the row."""
    rows: list[tuple[Cell, ...]] = [
        (index.coder_link(name), *map(float, table[place])) for place, name in enumerate(names)
    ]
    trace: dict[str, Any] = {
        "type": "heatmap",
        "x": list(range(len(names))),
        "y": list(range(len(names))),
        "z": [[number(float(value)) for value in row] for row in table],
        "zmin": limits[0],
        "zmax": limits[1],
        "colorscale": LIKE,
        "reversescale": turned,
        "customdata": [[index.coder(name)] * len(names) for name in names],
        "hovertext": [[f"{plain(one)} and {plain(other)}" for other in names] for one in names],
        "hovertemplate": "%{hovertext}: %{z:.3f}<extra></extra>",
        "xgap": 2,
        "ygap": 2,
        "colorbar": {"thickness": 10, "outlinewidth": 0},
    }
    if len(names) <= WITH_NUMBERS:
        trace |= {"texttemplate": "%{z:.2f}"}
    return figure._replace(
        columns=("coder", *names),
        rows=tuple(rows),
        data=(trace,),
        layout={
            "height": 160 + 44 * len(names) if len(names) <= WITH_NUMBERS else 620,
            "xaxis": category_axis(names, tickangle=-35),
            "yaxis": category_axis(names, autorange="reversed"),
        },
        narrow=narrow_ticks("xaxis", "yaxis", labels=names),
    )
