"""What agents that write share: labels and definitions as answers, and how they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TypeVar

from langchain_core.language_models import BaseChatModel
from pydantic import AfterValidator, Field

from intercoder.agents.answers import (
    LABEL_LENGTH,
    READ_LENGTH,
    LabelledAnswer,
    Schema,
    StrictAnswer,
    bounded,
    one_line,
    record,
    validated,
    whole_words,
)
from intercoder.agents.asking import Asked, Question, ask
from intercoder.agents.means import Means
from intercoder.agents.session import Session
from intercoder.core.agent_settings import WriterSettings
from intercoder.core.coding.concepts import Definition
from intercoder.core.decisions import Role
from intercoder.core.study import Study
from intercoder.prompts.loader import Piece, WorkedExample, load

Parsed = TypeVar("Parsed")

DEFINITION_LENGTH = 120
"""Most characters of a definition that a schema lets a model write; grammars of longer strings may not compile."""
MOST_CODES = 12
"""Most codes that are shown of a cluster or theme; the first ones."""


def _definition(text: str) -> str:
    kept = whole_words(text, DEFINITION_LENGTH)
    if not kept:
        raise ValueError("the definition is empty")
    return f"{kept} …" if len(kept) < len(one_line(text)) else kept


WrittenDefinition = Annotated[str, Field(max_length=READ_LENGTH), AfterValidator(_definition)]


class DefinitionAnswer(StrictAnswer):
    """A definition alone."""

    definition: WrittenDefinition


class NamedAnswer(LabelledAnswer):
    """A label and a definition."""

    definition: WrittenDefinition


def definition_schema() -> Schema:
    """JSON schema of a definition alone."""
    return record(definition=bounded(DEFINITION_LENGTH, 1))


def named_schema() -> Schema:
    """JSON schema of a label and a definition."""
    return record(label=bounded(LABEL_LENGTH, 1), definition=bounded(DEFINITION_LENGTH, 1))


def parse_definition(text: str) -> DefinitionAnswer:
    """Read a reply that is a definition.

    Raises:
        InvalidAnswer: It is not one.
    """
    return validated(DefinitionAnswer, text)


def parse_named(text: str) -> NamedAnswer:
    """Read a reply that is a label with its definition.

    Raises:
        InvalidAnswer: It is not one.
    """
    return validated(NamedAnswer, text)


def code_lines(codes: Sequence[tuple[str, str]]) -> str:
    """Codes as they are shown: `label: definition`, one a line, the label alone where there is no definition."""
    lines = [f"{one_line(label)}: {one_line(text)}" if text else one_line(label) for label, text in codes]
    return "\n".join(lines[:MOST_CODES])


def _leaves(value: object) -> Iterator[str]:
    """The texts inside a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)


class Writer:
    """An agent that is asked with one template.

    Args:
        role: `definer`, `themer`, `reviser` or `synthesizer`; also its name in the answer log.
        template: Name of its prompt.
        settings: Worked examples, sampling.
        means: What it asks with.
    """

    def __init__(self, role: Role, template: str, settings: WriterSettings, means: Means) -> None:
        self._means = means
        prompt = load(role, template, shots=settings.shots, folder=means.prompts)
        self._actor = means.actor(role, role, prompt, settings.sampling, settings.seed)

    @property
    def identity(self) -> tuple[str, str]:
        """The name under which its model's answers are kept, and the hash of its prompt."""
        return self._actor.reference, self._actor.prompt.hash

    @property
    def worked_texts(self) -> Iterator[str]:
        """All texts that stand in the answers of the prompt's worked examples."""
        for example in self._actor.prompt.examples:
            yield from _leaves(example.answer)

    @classmethod
    def of_study(
        cls,
        study: Study,
        role: Role,
        template: str,
        settings: WriterSettings,
        *,
        model: BaseChatModel | None = None,
        prompts: Path | None = None,
    ) -> Writer:
        """A writer as the study's settings describe it; by default with the first coder's model."""
        means = Means.of_study(study, study.writer_model(settings), model=model, prompts=prompts)
        return cls(role, template, settings, means)

    async def write(
        self,
        about: str,
        pieces: Sequence[Piece],
        schema: Schema,
        parse: Callable[[str], Parsed],
        session: Session,
        *,
        code_id: str = "",
        most: int = 1,
        words: Mapping[str, str] | None = None,
        seed: int | None = None,
        book: Sequence[Piece] = (),
        before: Sequence[WorkedExample] = (),
    ) -> Asked[Parsed]:
        """Ask about a concept, theme or code.

        Args:
            about: Its id.
            pieces: What is shown.
            schema: JSON schema of the answer.
            parse: Reads a reply; raises InvalidAnswer.
            session: The run's session.
            code_id: The code, where it is one.
            most: Most items of a list in the answer; worked examples show no more.
            words: What fills the prompt's other placeholders.
            seed: Of sampling; by default the settings'.
            book: What is shown before `pieces` and shared with other questions.
            before: Exchanges from the study that are shown after the worked examples.

        Raises:
            NoAnswer: The model gave no usable answer.
            EndpointStopped: The endpoint answers nobody.
        """
        messages = self._actor.prompt.messages(
            pieces,
            question=self._means.question,
            secret=self._means.secret,
            segment_id=about,
            max_codes=most,
            book=book,
            words=words,
            before=before,
        )
        actor = self._actor if seed is None else replace(self._actor, seed=seed)
        return await ask(actor, Question(about, messages, schema, parse, code_id), session)


async def name_codes(writer: Writer, about: str, codes: Sequence[tuple[str, str]], session: Session) -> Definition:
    """Label and definition of what several codes have in common, or become.

    Args:
        writer: Who is asked.
        about: The id of that.
        codes: Their labels and definitions; these may be empty.
        session: The run's session.

    Raises:
        NoAnswer: The model gave no usable answer.
        EndpointStopped: The endpoint answers nobody.
    """
    pieces = [Piece(kind="text", text=code_lines(codes))]
    asked = await writer.write(about, pieces, named_schema(), parse_named, session)
    return Definition(label=asked.value.label, definition=asked.value.definition, provenance=asked.provenance)
