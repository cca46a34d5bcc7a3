"""A coder that answers from a table of recorded answers and asks nobody."""

from __future__ import annotations

from collections.abc import Mapping

from intercoder.agents.session import Session
from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.deduction import RecordedAnswer
from intercoder.core.decisions import CodeAnswer, Provenance
from intercoder.core.documents import Segment
from intercoder.core.texts.quotes import locate


class Replay:
    """One coder whose answers were given before.

    Args:
        name: The coder's name in its answers.
        book: The codebook; a recorded choice of a code that is none of its leaves counts for nothing.
        recorded: (segment id, code id) -> what was answered; the code id is empty for choices in an exclusive book.
        source: Where the answers come from, for their provenance.
    """

    def __init__(
        self, name: str, book: Codebook, recorded: Mapping[tuple[str, str], RecordedAnswer], source: str
    ) -> None:
        self.name = name
        self._codes = {code.id for code in book.leaves}
        self._recorded = recorded
        self._provenance = Provenance(model=f"replay:{source}")

    async def decide(self, segment: Segment, code: Code, session: Session) -> CodeAnswer | None:
        """What was recorded about a code on a segment; None where nothing was."""
        recorded = self._recorded.get((segment.id, code.id))
        return None if recorded is None else self._answer(segment, code.id, recorded)

    async def choose(self, segment: Segment, session: Session) -> CodeAnswer | None:
        """The code that was chosen for a segment, or `unsure`; None where nothing was recorded."""
        recorded = self._recorded.get((segment.id, ""))
        if recorded is None or recorded.value == "no":
            return None
        if recorded.value == "unsure":
            return self._answer(segment, "", recorded)
        return self._answer(segment, recorded.code_id, recorded) if recorded.code_id in self._codes else None

    def _answer(self, segment: Segment, code_id: str, recorded: RecordedAnswer) -> CodeAnswer:
        return CodeAnswer(
            coder=self.name,
            code_id=code_id,
            value=recorded.value,
            reason=recorded.reason,
            quote=locate(recorded.quote, segment.text, segment.start),
            provenance=self._provenance,
        )
