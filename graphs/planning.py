"""What a run would do, before it does it: segments, calls, tokens, cost, and which text goes where."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from intercoder.core.agent_settings import CoderSettings, ModeratorSettings
from intercoder.core.record import Record
from intercoder.core.study import Study
from intercoder.graphs.checks import problems
from intercoder.llms.references import parse_reference
from intercoder.llms.usage import cost_of, estimate_messages, estimate_tokens, price_of
from intercoder.prompts.fence import MARKER_LENGTH, fenced
from intercoder.prompts.loader import Piece, load
from intercoder.prompts.material import PieceKind
from intercoder.stores.corpus.samples import Scope, choose
from intercoder.stores.corpus.segments import chosen_segments
from intercoder.stores.database import reading
from intercoder.stores.study_folder import StudyFolder

ANSWER_TOKENS = 60
"""What a bounded answer comes to, measured on the embedded models; endpoints may differ."""
TO_MODERATOR = "the segment's text, its speaker, the coders' suggestions"


class PlannedActor(Record):
    """One coder or moderator of the plan."""

    name: str
    role: str
    model: str
    goes_to: str
    """Where the text is read: this machine, or the endpoint's host."""
    receives: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost: float | None
    """None where no price is set for a model that is not on this machine."""
    at_most: bool = False
    """Whether it may be fewer calls: of who is asked only where coders differ, or one is not sure."""


class Plan(Record):
    """A dry run's result. Tokens are estimates; calls are exact but for repairs and answers already on record."""

    segments: int
    characters: int
    actors: tuple[PlannedActor, ...]
    obstacles: tuple[str, ...]
    """Why the run would not start as things are; empty if it would."""
    notes: tuple[str, ...] = ()
    """What a person should know before it starts."""
    codes: int = 0
    """Codes that segments are coded for; 0 where codes are found in the texts."""
    embeddings: str = ""
    """Empty where a run needs none."""
    embeddings_go_to: str = ""
    memory_goes_to: str = ""

    @property
    def calls(self) -> int:
        """Calls of all actors."""
        return sum(actor.calls for actor in self.actors)

    @property
    def fewest_calls(self) -> int:
        """Calls of the actors that are asked in any case."""
        return sum(actor.calls for actor in self.actors if not actor.at_most)


def plan_inductive(folder: StudyFolder, scope: Scope) -> Plan:
    """Plan an inductive run without calling or loading any model.

    Raises:
        InputError: The scope is empty or not clear.
        SettingsError: A prompt is not known.
    """
    study = folder.study
    chosen = choose(folder.engine, study.id, scope)
    material = material_of(folder, chosen)
    actors = [_coder(study, coder, material, folder.prompts) for coder in study.coders]
    actors += [_moderator(study, moderator, material, folder.prompts) for moderator in study.moderators]
    return Plan(
        segments=len(chosen),
        characters=sum(row.length for row in chosen),
        actors=tuple(actors),
        embeddings=study.embedding.model,
        embeddings_go_to=parse_reference(study.embedding.model).location,
        memory_goes_to=study.memory.url or "this machine",
        obstacles=tuple(str(problem) for problem in problems(study, folder.prompts)),
    )


class Material(NamedTuple):
    """Estimated tokens of what is shown of all segments together."""

    segments: int
    texts: int
    speakers: int
    contexts: int


def material_of(folder: StudyFolder, chosen: Sequence[Any]) -> Material:
    """What is shown of the segments that a scope chose, given as rows."""
    texts = speakers = contexts = 0
    with reading(folder.engine) as connection:
        before = folder.study.coding.context_before
        for segment in chosen_segments(connection, folder.study.id, chosen, before):
            texts += estimate_tokens(segment.text)
            speakers += _fenced("speaker", segment.speaker or "")
            contexts += _fenced("context", segment.context)
    return Material(len(chosen), texts, speakers, contexts)


def _fenced(kind: PieceKind, text: str) -> int:
    """Tokens of a piece with its fence; 0 for nothing, which is not shown."""
    return estimate_tokens(fenced([Piece(kind=kind, text=text)], "0" * MARKER_LENGTH)) if text else 0


def _coder(study: Study, coder: CoderSettings, material: Material, prompts: Path) -> PlannedActor:
    prompt = load("coder", coder.prompt, shots=coder.shots, ending=coder.ending, folder=prompts)
    empty = prompt.messages(
        [Piece(kind="text", text="")],
        question=study.question,
        secret=study.id,
        segment_id="",
        max_codes=study.coding.max_codes,
    )
    fixed = estimate_messages([(message.role, message.content) for message in empty])
    receives = "the segment's text, its speaker and context"
    first = study.asked_first.name == coder.name
    times = study.ensemble.asks if study.ensemble.dynamic and first else 1
    tokens = fixed * material.segments + material.texts + material.speakers + material.contexts
    return planned(
        study,
        coder.name,
        "coder",
        coder.model,
        receives,
        times * tokens,
        times * material.segments,
        answer_tokens=ANSWER_TOKENS * study.coding.max_codes,
        at_most=study.ensemble.dynamic and not first,
    )


def _moderator(study: Study, moderator: ModeratorSettings, material: Material, prompts: Path) -> PlannedActor:
    if moderator.kind != "llm":
        return without_model(
            moderator.name, "moderator", f"rule:{moderator.kind}", "labels and text, as embeddings"
        )
    prompt = load("moderator", moderator.prompt, shots=moderator.shots, folder=prompts)
    empty = prompt.messages(
        [
            Piece(kind="text", text=""),
            Piece(kind="suggestions", text="name: a label of words\n" * len(study.coders)),
        ],
        question=study.question,
        secret=study.id,
        segment_id="",
        max_codes=study.coding.max_codes,
    )
    fixed = estimate_messages([(message.role, message.content) for message in empty])
    tokens = fixed * material.segments + material.texts + material.speakers
    each = ANSWER_TOKENS * study.coding.max_codes
    calls = material.segments
    return planned(
        study, moderator.name, "moderator", moderator.model, TO_MODERATOR, tokens, calls, answer_tokens=each
    )


def planned(
    study: Study,
    name: str,
    role: str,
    model: str,
    receives: str,
    tokens_in: int,
    calls: int,
    *,
    answer_tokens: int,
    at_most: bool = False,
) -> PlannedActor:
    """An actor that asks a model; `tokens_in` are those of all calls together."""
    reference = parse_reference(model)
    tokens_out = answer_tokens * calls
    price = price_of(model, study.prices)
    unpriced = price is None and reference.backend == "openai"
    return PlannedActor(
        name=name,
        role=role,
        model=model,
        goes_to=reference.location,
        receives=receives,
        calls=calls,
        input_tokens=tokens_in,
        output_tokens=tokens_out,
        cost=None if unpriced else cost_of(price, tokens_in, tokens_out),
        at_most=at_most,
    )


def without_model(name: str, role: str, model: str, receives: str) -> PlannedActor:
    """An actor that asks nobody."""
    return PlannedActor(
        name=name,
        role=role,
        model=model,
        goes_to="this machine",
        receives=receives,
        calls=0,
        input_tokens=0,
        output_tokens=0,
        cost=0.0,
    )
