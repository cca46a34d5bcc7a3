"""The codes of a report: numbered, so that figures can lead to them, with what is known of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from intercoder.core.coding.codings import Coder
from intercoder.evals.report.figures import Link
from intercoder.evals.report.inductive.contents import Contents


class Index(NamedTuple):
    """Numbers of codes and coders."""

    codes: Mapping[str, int]
    """Most used first."""
    coders: Mapping[str, int]
    segments: Mapping[str, Mapping[str, int]]
    """Code -> who gave it -> to how many segments."""

    def code(self, label: str) -> str:
        """Anchor of the decisions on a code."""
        return f"code-{self.codes[label]}"

    def coder(self, name: str) -> str:
        """Anchor of the decisions of a coder."""
        return f"coder-{self.coders[name]}"

    def code_link(self, label: str) -> Link:
        """A cell that leads to a code."""
        return Link(label, self.code(label))

    def coder_link(self, name: str) -> Link:
        """A cell that leads to a coder."""
        return Link(name, self.coder(name))

    def finders(self, label: str, names: Sequence[str]) -> tuple[str, ...]:
        """Which of the coders gave a code."""
        given = self.segments.get(label, {})
        return tuple(name for name in names if given.get(name))


def index(contents: Contents) -> Index:
    """Number everything. Codes: those of the codebook, and labels that count as none of them."""
    used: dict[str, dict[str, int]] = {label: {} for label in contents.comparison.codes}
    for coder in contents.comparison.meant:
        for label, segments in coder.code_space.items():
            used.setdefault(label, {})[coder.name] = len(segments)
    settled = {label: len(segments) for label, segments in contents.ensemble.code_space.items()}
    order = sorted(used, key=lambda label: (-settled.get(label, 0), -sum(used[label].values())))
    coders: Sequence[Coder] = contents.comparison.meant
    return Index(
        codes={label: number for number, label in enumerate(order)},
        coders={coder.name: number for number, coder in enumerate(coders)},
        segments=used,
    )
