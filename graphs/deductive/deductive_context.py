"""What the deductive graphs are given: stores, and the agents that code with one version of the codebook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from intercoder.agents.session import Session
from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.findings import CodeFindings
from intercoder.core.decisions import CodeAnswer
from intercoder.core.documents import Segment
from intercoder.core.protocols import DeductiveStore, DevelopmentStore
from intercoder.core.revisions import Revision
from intercoder.core.study import Study


class Reads(Protocol):
    """Somebody who codes segments: a model, a classifier, or a table of answers given before."""

    @property
    def name(self) -> str:
        """The coder's name."""

    async def decide(self, segment: Segment, code: Code, session: Session) -> CodeAnswer | None:
        """Whether a code applies; None where nothing is known."""

    async def choose(self, segment: Segment, session: Session) -> CodeAnswer | None:
        """Which code of an exclusive book applies; None where nothing is known."""


class ReadsAhead(Protocol):
    """A coder that computes what it says of many segments together, before it is asked about each."""

    async def read_ahead(self, segments: Sequence[Segment]) -> None:
        """Compute what is to be said of these segments."""


class Settles(Protocol):
    """Who makes one answer of several coders'."""

    @property
    def name(self) -> str:
        """The moderator's name."""

    async def settle(
        self, segment: Segment, code: Code | None, answers: Sequence[CodeAnswer], session: Session
    ) -> CodeAnswer:
        """What stands; `code` is None in an exclusive book."""


class Proposes(Protocol):
    """Who proposes revisions of a code."""

    async def propose(
        self, book: Codebook, code: Code, findings: CodeFindings, session: Session
    ) -> Sequence[Proposal]:
        """Proposals, those that cannot be used with their problem."""


class Proposal(Protocol):
    """A proposed revision."""

    @property
    def revision(self) -> Revision:
        """What is proposed."""

    @property
    def problem(self) -> str:
        """Why it cannot be used; empty if it can."""


@dataclass(frozen=True)
class Team:
    """Those who code with one version of the codebook."""

    book: Codebook
    coders: tuple[Reads, ...]
    repeats: tuple[Reads, ...] = ()
    """The coders asked again in another way."""
    moderator: Settles | None = None
    """None where there is one coder."""
    asking: int = 1
    """Models asked about each question, at most: coders, repeats and the moderator."""
    ahead: tuple[ReadsAhead, ...] = ()
    """Those of the coders and repeats that read a whole wave before its segments are coded one by one."""


@dataclass(frozen=True)
class DeductiveContext:
    """What deductive coding is given."""

    study: Study
    store: DeductiveStore
    team: Callable[[Codebook], Team]
    session: Session


@dataclass(frozen=True)
class DevelopmentContext:
    """What the development of a codebook is given."""

    study: Study
    store: DevelopmentStore
    team: Callable[[Codebook], Team]
    session: Session
    reviser: Proposes
