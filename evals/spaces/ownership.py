"""Who owns which concept: code spaces laid over the concepts of the aggregated code space."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from intercoder.core.coding.concepts import CodeSpaces
from intercoder.core.errors import InputError

Booleans: TypeAlias = npt.NDArray[np.bool_]


class Ownership(NamedTuple):
    """Coders first, then groups; a group owns what any of its members owns."""

    names: tuple[str, ...]
    """Of coders, then of groups."""
    owns: Booleans
    """Shape (concepts, names)."""
    members: Booleans
    """Shape (names, coders): whose codes count as whose; a coder is its own only member."""
    sizes: npt.NDArray[np.int64]
    """Shape (names,): labels in the own code space, before anything was merged."""

    @property
    def coders(self) -> int:
        """How many of the names are coders."""
        return int(self.members.shape[1])


def ownership(
    coders: CodeSpaces,
    labels: Sequence[str],
    alternatives: Mapping[str, Sequence[str]] | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
) -> Ownership:
    """Find each coder's concepts through their labels and the labels merged into them.

    Args:
        coders: Code spaces as the coders left them; they are not changed.
        labels: One per concept.
        alternatives: For a concept's label the labels that were merged into it.
        groups: Names of groups and their members.

    Raises:
        InputError: A coder's label stands for no concept, a label stands for two, or a group names an
            unknown coder or bears a coder's name.
    """
    places = concept_places(labels, alternatives or {})
    groups = groups or {}
    owns = np.zeros((len(labels), len(coders)), dtype=bool)
    for column, (coder, space) in enumerate(coders.items()):
        owns[[_place(places, coder, label) for label in space], column] = True
    members = np.concatenate([np.eye(len(coders), dtype=bool), _members(list(coders), groups)])
    spaces = list(coders.values())
    unions = (set().union(*(spaces[at] for at in np.flatnonzero(row))) for row in members)
    return Ownership(
        names=(*coders, *groups),
        owns=owns @ members.T,
        members=members,
        sizes=np.array([len(union) for union in unions], dtype=np.int64),
    )


def concept_places(labels: Sequence[str], alternatives: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """For each label and each alternative the place of its concept.

    Raises:
        InputError: One label stands for two concepts, or an alternative belongs to an unknown label.
    """
    places: dict[str, int] = {}
    for place, label in enumerate(labels):
        if label in places:
            raise InputError(
                f"The label `{label}` is there twice.",
                where=f"labels, entry {place}",
                remedy="Give each concept one label.",
            )
        places[label] = place
    for label, others in alternatives.items():
        if isinstance(others, str):
            raise InputError("Alternatives are a list of labels.", where=f"alternatives, `{label}`")
        for other in others:
            if label not in places:
                raise InputError("This label is not among `labels`.", where=f"alternatives, `{label}`")
            if places.setdefault(other, places[label]) != places[label]:
                raise InputError(
                    f"The label `{other}` stands for two concepts.",
                    where=f"alternatives, `{label}`",
                    remedy="Merge a label into one concept only.",
                )
    return places


def _place(places: Mapping[str, int], coder: str, label: str) -> int:
    if label in places:
        return places[label]
    near = difflib.get_close_matches(label, list(places), n=1)
    raise InputError(
        f"The label `{label}` is neither among `labels` nor among `alternatives`.",
        where=f"coders, `{coder}`",
        remedy=f"Did you mean `{near[0]}`?" if near else "Give it a row of its own, or merge it into a concept.",
    )


def _members(coders: Sequence[str], groups: Mapping[str, Sequence[str]]) -> Booleans:
    rows = np.zeros((len(groups), len(coders)), dtype=bool)
    for row, (group, names) in enumerate(groups.items()):
        if group in coders:
            raise InputError(
                "A group has the name of a coder.", where=f"groups, `{group}`", remedy="Name the group otherwise."
            )
        for name in names:
            if name not in coders:
                raise InputError(f"There is no coder `{name}`.", where=f"groups, `{group}`")
            rows[row, coders.index(name)] = True
    return rows
