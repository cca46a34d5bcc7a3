"""Code spaces: what each coder adds to the team, and which codes lie near one another (seed 003, section 3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from intercoder.core.coding.codings import code_spaces
from intercoder.core.protocols import Vectors
from intercoder.evals.code_space import CodeSpaceMetrics, RedFlag, measure, red_flags
from intercoder.evals.report.figures import PALETTE, Figure, category_axis, narrow_ticks, number, plain
from intercoder.evals.report.inductive.code_index import Index
from intercoder.evals.report.inductive.comparison import Embed
from intercoder.evals.report.inductive.contents import Contents
from intercoder.evals.spaces.distances import BLOCK

METRICS = ("coverage", "novelty", "divergence")
"""What seed 000's figure 3 shows; the table has overlap too."""
NO_TEAM = "A code space is measured against those of others: it needs two coders who gave labels."


class CodeSpaces(NamedTuple):
    """The team's codes, and each coder's place among them."""

    labels: tuple[str, ...]
    """Codes that anybody of the team gave, most used first."""
    vectors: Vectors
    """A row for each of them."""
    threshold: float
    """Cosine distance up to which two codes are neighbors."""
    metrics: Mapping[str, CodeSpaceMetrics]
    """Coders, then groups; empty for a team of one."""
    flags: tuple[RedFlag, ...]


def measured(contents: Contents, index: Index, embed: Embed) -> CodeSpaces:
    """Measure the team. Moderators are no part of it: they only choose among coders' labels."""
    spaces = code_spaces([coder for coder in contents.comparison.said if coder.role != "moderator"])
    used = {contents.code_of(label) for space in spaces.values() for label in space}
    labels = [label for label in index.codes if label in used]
    vectors = embed(labels)
    threshold = contents.study.merging.upper
    groups = _groups(contents)
    metrics: Mapping[str, CodeSpaceMetrics] = {}
    if sum(bool(space) for space in spaces.values()) > 1:
        metrics = measure(
            spaces,
            embeddings=vectors,
            labels=labels,
            alternatives=_alternatives(contents, used),
            groups=groups,
            neighbor_threshold=threshold,
        )
    flags = red_flags(metrics, groups=groups) if metrics else []
    return CodeSpaces(tuple(labels), vectors, threshold, metrics, tuple(flags))


def _alternatives(contents: Contents, used: Collection[str]) -> dict[str, list[str]]:
    """Code -> labels that count as it. A coder's own code space stays as it is: its size weighs (seed 003, 3.2)."""
    found: dict[str, list[str]] = {}
    for label, code in contents.comparison.counts_as.items():
        if code in used and label not in used:
            found.setdefault(code, []).append(label)
    return found


def _groups(contents: Contents) -> dict[str, tuple[str, ...]]:
    """People and models as two coders, where there are both."""
    if not contents.people or not contents.models:
        return {}
    taken = {coder.name for coder in contents.team}
    groups = {"all people": contents.people, "all models": contents.models}
    return {name: members for name, members in groups.items() if len(members) > 1 and name not in taken}


def space_figure(spaces: CodeSpaces, index: Index) -> Figure:
    """Coverage, novelty and divergence (seed 000, figure 3)."""
    figure = Figure(
        "spaces",
        "What each coder adds",
        "Coverage: how much of what the team found a coder found or came near to. Novelty: its share of what one "
        "coder alone found. Divergence: how differently it looks at the texts. None of them is quality.",
    )
    if not spaces.metrics:
        return figure._replace(undefined=NO_TEAM)
    names = list(spaces.metrics)
    links = [index.coder(name) if name in index.coders else None for name in names]
    return figure._replace(
        columns=("coder", "coverage", "overlap", "novelty", "divergence", "labels", "codes"),
        rows=tuple(
            (
                index.coder_link(name) if name in index.coders else name,
                one.coverage,
                one.overlap,
                one.novelty,
                one.divergence,
                one.size,
                one.concepts,
            )
            for name, one in spaces.metrics.items()
        ),
        data=tuple(
            {
                "type": "bar",
                "name": metric,
                "x": list(range(len(names))),
                "y": [number(getattr(one, metric)) for one in spaces.metrics.values()],
                "marker": {"color": PALETTE[place]},
                "customdata": links,
                "hovertext": [plain(name) for name in names],
                "hovertemplate": f"%{{hovertext}}: {metric} %{{y:.3f}}<extra></extra>",
            }
            for place, metric in enumerate(METRICS)
        ),
        layout={
            "height": 380,
            "barmode": "group",
            "xaxis": category_axis(names),
            "yaxis": {"range": [0, 1.02], "title": {"text": "share"}},
            "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0},
        },
        narrow=narrow_ticks("xaxis", labels=names),
        note=f"Codes within cosine distance {spaces.threshold:g} are neighbors. Moderators are left out: they "
        "choose among coders' labels, so each would count twice. A missing bar is undefined.",
    )


DRAWN = 2000
"""Codes in the network, at most."""
LINKS = 3
"""Nearest neighbors that a code is linked with at most."""
NAMED = 16
"""Codes whose names are written beside them, at most."""
LISTED = 30
"""Codes in the table."""
MANY = 500
"""Codes above which the layout takes fewer steps."""
FEW_CODERS = 6
"""Coders up to whom each has a colour."""


def network_figure(spaces: CodeSpaces, contents: Contents, index: Index) -> Figure:
    """Codes as a network, coloured by who found them, neighbors linked (seed 003)."""
    figure = Figure(
        "network",
        "Network of codes",
        "Each point is a code, larger where it stands in more segments; codes of like wording are linked and lie "
        "together. Colours tell who found it: look for regions of one colour.",
    )
    if len(spaces.labels) < 2:
        return figure._replace(undefined="A network needs two codes.")
    used = spaces._replace(labels=spaces.labels[:DRAWN], vectors=spaces.vectors[:DRAWN])
    near = nearest(used.vectors)
    edges = sorted(pair for pair, cosine in near.items() if cosine >= 1 - spaces.threshold - 1e-9)
    degree = Counter(node for edge in edges for node in edge)
    places = layout(used.vectors, near)
    named = _named(used.labels, places)
    found_by = [_found_by(contents, index, label) for label in used.labels]
    team = [coder.name for coder in contents.team]
    kinds = sorted(set(found_by), key=lambda kind: (-found_by.count(kind), kind))
    return figure._replace(
        columns=("code", "found by", "segments", "neighbors"),
        rows=tuple(
            (
                index.code_link(label),
                ", ".join(index.finders(label, team)),
                _uses(index, label, team),
                degree[place],
            )
            for place, label in enumerate(used.labels[:LISTED])
        ),
        data=(
            _lines(edges, places),
            *(_nodes(kind, at, used, found_by, places, index, team) for at, kind in enumerate(kinds)),
            _names(used.labels, named, places),
        ),
        layout={
            "height": 560,
            "xaxis": {"visible": False, "range": [-0.08, 1.08]},
            "yaxis": {"visible": False, "range": [-0.04, 1.06]},
            "hovermode": "closest",
            "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0, "itemsizing": "constant"},
            "margin": {"l": 10, "r": 10, "b": 10},
        },
        note=(f"The {DRAWN:,} most used of " if len(spaces.labels) > DRAWN else "")
        + f"{len(spaces.labels):,} codes, {len(edges):,} links: each code with its nearest neighbors within cosine "
        f"distance {spaces.threshold:g}, {LINKS} at most"
        + (f". The table has the {LISTED} most used." if len(spaces.labels) > LISTED else "."),
    )


def _uses(index: Index, label: str, team: Sequence[str]) -> int:
    """In how many segments the code stands with the coder who gave it most."""
    return max((index.segments[label].get(name, 0) for name in team), default=0)


def nearest(vectors: Vectors) -> dict[tuple[int, int], float]:
    """The nearest of each row, of equals the first, as pairs with their cosine."""
    unit = np.asarray(vectors, np.float64)
    count = min(LINKS, len(unit) - 1)
    found: dict[tuple[int, int], float] = {}
    for start in range(0, len(unit), BLOCK):
        cosines = np.round(unit[start : start + BLOCK] @ unit.T, 6)
        own = np.arange(len(cosines))
        cosines[own, own + start] = -np.inf
        least = np.partition(cosines, -count, axis=1)[:, -count]
        for row, limit in enumerate(least):
            close = np.flatnonzero(cosines[row] >= limit)
            one = start + row
            for other in close[np.argsort(-cosines[row, close], kind="stable")[:count]].tolist():
                found[min(one, other), max(one, other)] = float(cosines[row, other])
    return found


def layout(vectors: Vectors, near: Mapping[tuple[int, int], float]) -> list[tuple[float, float]]:
    """Places of the codes in the unit square: springs between the nearest, stronger for more alike ones.

    Springs start from the two main directions of the embeddings. Nothing is random, so the same codes always lie
    in the same places.
    """
    import networkx as nx

    count = len(vectors)
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(count))
    graph.add_weighted_edges_from((*pair, max(cosine, 0.05)) for pair, cosine in sorted(near.items()))
    found = nx.spring_layout(
        graph,
        pos=dict(enumerate(_start(vectors))),
        iterations=80 if count <= MANY else 25,
        k=1.8 / np.sqrt(count),
        seed=0,
        method="force",
    )
    places = np.stack([found[node] for node in range(count)])
    places -= places.min(axis=0)
    places /= np.maximum(places.max(axis=0), 1e-9)
    return [(round(float(x), 3), round(float(y), 3)) for x, y in places]


def _start(vectors: Vectors) -> npt.NDArray[np.float64]:
    """The two main directions of the embeddings, with a sign of their own; shape (n, 2)."""
    centred = np.asarray(vectors, np.float64) - np.mean(vectors, axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    start = np.zeros((len(centred), 2))
    start[:, : min(2, left.shape[1])] = (left * sizes)[:, :2]
    start *= np.where(start[np.abs(start).argmax(axis=0), [0, 1]] < 0, -1, 1)
    # Codes of equal embedding would never come apart.
    turn = np.arange(len(centred))
    return start + 1e-3 * np.stack([np.cos(turn), np.sin(turn)], axis=1)


WIDE, HIGH = 0.0085, 0.04
"""Share of the figure that a letter and a line take."""


def _named(labels: Sequence[str], places: Sequence[tuple[float, float]]) -> frozenset[int]:
    """The most used codes whose names do not run into one another."""
    taken: list[tuple[float, float, float]] = []
    named: list[int] = []
    for node, (x, y) in enumerate(places):
        half = WIDE * min(len(labels[node]), 28) / 2
        free = all(abs(x - left) > half + other or abs(y - low) > HIGH for left, low, other in taken)
        if free and len(named) < NAMED:
            named.append(node)
            taken.append((x, y, half))
    return frozenset(named)


def _found_by(contents: Contents, index: Index, label: str) -> str:
    people = index.finders(label, contents.people)
    models = index.finders(label, contents.models)
    if contents.people and contents.models:
        return "people and models" if people and models else "people only" if people else "models only"
    finders = (*people, *models)
    team = (*contents.people, *contents.models)
    if len(finders) == len(team) > 1:
        return "all coders"
    if len(finders) > 1:
        return "several coders"
    return f"only {finders[0]}" if len(team) <= FEW_CODERS else "one coder"


def _lines(edges: Sequence[tuple[int, int]], places: Sequence[tuple[float, float]]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [value for one, other in edges for value in (places[one][0], places[other][0], None)],
        "y": [value for one, other in edges for value in (places[one][1], places[other][1], None)],
        "line": {"width": 1, "color": f"rgba(138,143,152,{0.5 if len(edges) <= MANY else 0.25})"},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _nodes(
    kind: str,
    place: int,
    spaces: CodeSpaces,
    found_by: Sequence[str],
    places: Sequence[tuple[float, float]],
    index: Index,
    team: Sequence[str],
) -> dict[str, Any]:
    own = [node for node, found in enumerate(found_by) if found == kind]
    labels = [spaces.labels[node] for node in own]
    uses = [_uses(index, label, team) for label in labels]
    least = 9 if len(spaces.labels) <= MANY else 5
    return {
        "type": "scatter",
        "mode": "markers",
        "name": plain(kind, 40),
        "x": [places[node][0] for node in own],
        "y": [places[node][1] for node in own],
        "customdata": [index.code(label) for label in labels],
        "hovertext": [f"{plain(label)}<br>{plain(', '.join(index.finders(label, team)))}" for label in labels],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "marker": {
            "size": [round(min(least * (0.6 + 0.4 * float(np.sqrt(count))), 4 * least), 1) for count in uses],
            "color": PALETTE[place % len(PALETTE)],
            "opacity": 0.9,
            "line": {"width": 1, "color": "rgba(255,255,255,0.7)"},
        },
    }


def _names(labels: Sequence[str], named: frozenset[int], places: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Names over all points, so that none hides them; narrow screens have no room for them."""
    own = sorted(named)
    return {
        "type": "scatter",
        "mode": "text",
        "meta": {"narrow": "none"},
        "x": [places[node][0] for node in own],
        "y": [places[node][1] for node in own],
        "text": [plain(labels[node], 28) for node in own],
        "textposition": "top center",
        "textfont": {"size": 12},
        "hoverinfo": "skip",
        "showlegend": False,
    }
