"""The coder of pattern codes: no model, exact, bounded in time (seed 002, section 4)."""

from __future__ import annotations

from intercoder.agents.asking import NoAnswer
from intercoder.core.codebook import Code
from intercoder.core.codebooks.patterns import PatternTimeout, search
from intercoder.core.coding.deduction import PATTERN
from intercoder.core.decisions import CodeAnswer, Failure, Provenance
from intercoder.core.documents import Segment
from intercoder.core.texts.quotes import Quote


def find_pattern(code: Code, segment: Segment) -> CodeAnswer:
    """Yes, with the first words found as the quote, or No.

    Args:
        code: A code of kind `pattern`.
        segment: The segment; only its text is searched.

    Raises:
        NoAnswer: The search took too long on this text; the failure's kind is `timeout`.
        InputError: The code's pattern is no regular expression.
    """
    try:
        found = search(code.pattern, segment.text)
    except PatternTimeout as timeout:
        failure = Failure(
            segment_id=segment.id,
            role="coder",
            coder=PATTERN,
            kind="timeout",
            message=str(timeout),
            code_id=code.id,
        )
        raise NoAnswer(failure) from timeout
    quote = Quote(text="")
    if found is not None and found.text:
        start = segment.start + found.start
        quote = Quote(text=found.text, start=start, end=segment.start + found.end)
    return CodeAnswer(
        coder=PATTERN,
        code_id=code.id,
        value="no" if found is None else "yes",
        reason="The pattern is not found." if found is None else "The pattern is found.",
        quote=quote,
        provenance=Provenance(model=PATTERN),
    )
