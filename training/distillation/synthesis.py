"""Writing synthetic segments: as many as are wanted of each code, near-duplicates dropped, nothing written twice.

Seed 001: a language model writes samples of each code, and a small classifier learns from them beside human data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from langchain_core.language_models import BaseChatModel

from intercoder.agents.session import Session
from intercoder.core.codebook import Codebook
from intercoder.core.documents import Segment
from intercoder.core.errors import IntercoderError
from intercoder.core.protocols import Embedder
from intercoder.core.study import Study
from intercoder.core.synthetic import SyntheticSegment, Wanted, Written
from intercoder.stores.synthetic_segments import SqlSyntheticStore

__all__ = ["SynthesizerRepeats", "Wanted", "synthesize"]

Examples: TypeAlias = Mapping[tuple[str, Written], Sequence[Segment]]
"""(code id, value) -> human segments of the training part that the synthesizer may be shown."""
Listener: TypeAlias = Callable[[dict[str, Any]], None]


class SynthesizerRepeats(IntercoderError):
    """A synthesizer that writes nothing new any more. What it wrote is kept in the study."""

    exit_code = 1


async def synthesize(
    wanted: Sequence[Wanted],
    *,
    temperature: float,
    seed: int,
    examples: Examples,
    human: Sequence[Segment],
    book: Codebook,
    study: Study,
    store: SqlSyntheticStore,
    session: Session,
    embeddings: Embedder,
    listen: Listener = lambda event: None,
    model: BaseChatModel | None = None,
    prompts: Path | None = None,
) -> list[SyntheticSegment]:
    """Synthetic segments as wanted; what the study holds of them already is not written again.

    Each call of the synthesizer is shown other human examples. A text that is too much like a human one, or like
    one that was kept before, is dropped and written down with the reason. The same call gives the same texts again,
    and one that wants more gives those and more, as long as codes, examples and settings are the same.

    Args:
        wanted: How many of each code and value.
        temperature: Of the synthesizer, 0 to 2.
        seed: Of sampling and of which examples are shown.
        examples: What it may be shown, of the training part only; at least one `yes` for each code.
        human: All human segments of the training part, which synthetic ones must not be too much like.
        book: The codebook.
        study: The study's settings.
        store: Where they are kept.
        session: The run's session; with its answer log nothing is asked twice.
        embeddings: For likeness of meaning.
        listen: Told after each wave what is there: `kind` "synthesis", `wanted`, `kept`, and `dropped`, the number
            of each reason.
        model: Asked in place of the study's model.
        prompts: The study's own prompts.

    Returns:
        Exactly as many as are wanted, in the order of `wanted`, and within each in the order of writing.

    Raises:
        SynthesizerRepeats: Of the last `study.synthesizer.patience` texts of a code hardly any could be kept.
        InputError: There is no example of a code.
        EndpointStopped: The model's server answers nobody.
    """
    raise NotImplementedError
