"""Answers and decisions: who said what about which segment, why, and how it came about."""

from __future__ import annotations

from typing import Literal, TypeAlias

from intercoder.core.codebook import Code
from intercoder.core.identity import make_id
from intercoder.core.record import Record
from intercoder.core.texts.quotes import Quote

Role: TypeAlias = Literal["human", "coder", "moderator", "repeat", "definer", "themer", "reviser", "synthesizer"]
"""`repeat` is a coder asked again in another way, to see whether it repeats itself."""
Value: TypeAlias = Literal["", "yes", "no", "unsure"]
"""What was decided about a code that stood before the text was read; empty where codes are found in the text."""


class Suggestion(Record):
    """One code that a coder gives a segment, in the coder's words."""

    label: str
    reason: str = ""
    quote: Quote = Quote(text="")


class Provenance(Record):
    """Where a decision comes from, so that a number can be followed back to a question."""

    model: str = ""
    prompt: str = ""
    prompt_hash: str = ""
    answer_key: str = ""


class Answer(Record):
    """What one coder said about one segment in one call: 0 to n suggestions. None is an answer too."""

    coder: str
    suggestions: tuple[Suggestion, ...]
    provenance: Provenance = Provenance()


class Choice(Record):
    """A suggestion as a moderator settled it."""

    suggestion: Suggestion
    chosen_from: str
    """The coder whose suggestion was kept, or `new`."""


class Settlement(Record):
    """What one moderator made of all answers on one segment: 0 to n choices."""

    moderator: str
    choices: tuple[Choice, ...]
    overruled: tuple[str, ...] = ()
    """Coders who were not followed. What they said stays on record."""
    provenance: Provenance = Provenance()


class CodeAnswer(Record):
    """What one coder said of one code on one segment; of an exclusive book, which of the codes it chose."""

    coder: str
    code_id: str
    """Empty in an exclusive book for a coder that is unsure."""
    value: Literal["yes", "no", "unsure"]
    """In an exclusive book `yes` for the chosen code, or `unsure`."""
    reason: str = ""
    quote: Quote = Quote(text="")
    overruled: tuple[str, ...] = ()
    """Of a moderator: the coders who were not followed."""
    provenance: Provenance = Provenance()


class Failure(Record):
    """A question that got no usable answer. It is listed, and `retry` asks it again."""

    segment_id: str
    role: Role
    coder: str
    kind: str
    """`invalid` (not of the schema), `refused`, `timeout`, `error`, `too_long`."""
    message: str
    answer_key: str = ""
    code_id: str = ""
    """The code that was asked about, where each is a question of its own."""


class Decision(Record):
    """One line of the coded data set. Nothing is updated in place: a later one supersedes an earlier.

    `label` None means "nothing to code". `code_id` is set on final decisions only: those that refinement
    assigned to a code of the codebook.
    """

    id: str
    run: str
    round: int
    segment_id: str
    role: Role
    coder: str
    position: int
    """Which of the answer's decisions, from 0."""
    label: str | None
    code_id: str | None = None
    code_revision: int | None = None
    value: Value = ""
    """Of deductive coding: whether the code applies. `label` is the code's then, whatever the value."""
    reason: str = ""
    quote: Quote = Quote(text="")
    chosen_from: str = ""
    overruled: tuple[str, ...] = ()
    merged_from: str = ""
    """The label that was merged into the code, where it was not the code's own."""
    similarity: float | None = None
    """Cosine of label and code when it was merged, rounded to 4 places; None for a founding decision."""
    provenance: Provenance = Provenance()
    codebook_version: int = 0
    supersedes: str = ""

    @property
    def model(self) -> str:
        """Reference of the model that made it."""
        return self.provenance.model

    @property
    def content(self) -> tuple[object, ...]:
        """All that the decision says, apart from its id, round and place in the chain."""
        skipped = {"id", "round", "supersedes", "codebook_version", "code_revision"}
        return tuple(value for name, value in sorted(self.model_dump().items()) if name not in skipped)


def decision_id(run: str, round_: int, segment_id: str, role: Role, coder: str, position: int | str) -> str:
    """Deterministic id of a decision: one per run, round, segment, actor and place in the answer, or code."""
    return make_id("x", run, round_, segment_id, role, coder, position)


class Merge(Record):
    """A label that became an existing code (seed 000, section 4.2): recorded so that it can be undone."""

    decision_id: str
    label: str
    code_id: str
    similarity: float
    threshold: float


class Wave(Record):
    """What one wave of segments adds to a run; written in one transaction with the run's cursor."""

    start: int
    stop: int
    decisions: tuple[Decision, ...] = ()
    codes: tuple[Code, ...] = ()
    merges: tuple[Merge, ...] = ()
    failures: tuple[Failure, ...] = ()
