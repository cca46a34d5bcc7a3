"""Prompts by name: the template, its shared part, its worked examples, and a hash of it all.

Seed 000, appendix A (six ways to ask a coder, two endings) and appendix C (moderator); seed 002, appendix A
(deductive coders). What is the same for all segments comes first, so that servers can reuse their prefix; material
comes last and only inside a fence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import Field

from intercoder.core.errors import SettingsError
from intercoder.core.identity import digest
from intercoder.core.record import Record
from intercoder.prompts import fence, templates
from intercoder.prompts.material import Ending, Message, Piece, WorkedExample

__all__ = ["Ending", "Message", "Piece", "Prompt", "WorkedExample", "load"]

_BOOK, _BEFORE = "codebook", "exchanges"
"""Stand in for the segment where a marker belongs to what many segments share."""
_ANSWER_SHOWN = 600
"""Characters of a wrong answer that are shown again when it is to be repaired."""
_TOLD: Mapping[str, frozenset[str]] = {
    "coder": frozenset({"codes"}),
    "moderator": frozenset({"codes"}),
    "deductive": frozenset({"answers"}),
    "deductive_choice": frozenset({"answers"}),
    "deductive_moderator": frozenset({"answers"}),
    "reviser": frozenset({"revisions"}),
    "synthesizer": frozenset({"length"}),
}
"""What an agent's instructions say beside the research question: how many codes, which answers there are."""


class Prompt(Record):
    """A prompt ready to be filled with material."""

    name: str
    """Agent and template, such as `coder/expert_angle`."""
    shots: int = Field(ge=0)
    ending: Ending
    hash: str
    """16 hexadecimal digits over everything that shapes the messages, except question and material."""
    instructions: str
    reminder: str
    repair_request: str
    examples: tuple[WorkedExample, ...]

    def messages(
        self,
        pieces: Sequence[Piece],
        *,
        question: str,
        secret: str,
        segment_id: str,
        max_codes: int = 1,
        book: Sequence[Piece] = (),
        words: Mapping[str, str] | None = None,
        before: Sequence[WorkedExample] = (),
    ) -> list[Message]:
        """The conversation that asks for an answer: instructions, worked examples, fenced material.

        Args:
            pieces: The material, in the order in which it is shown.
            question: The study's research question; empty leaves it out.
            secret: The study's secret, from which the fence's marker is made.
            segment_id: The segment the material belongs to.
            max_codes: Most codes, or items of another list, that an answer may hold, from 1.
            book: Material that many segments share, shown before theirs and marked by a marker of its own.
            words: What fills the instructions' other placeholders, such as `answers`.
            before: Exchanges from the study that are shown after the worked examples, with a marker of their own.
                Their answers are what people wrote, as JSON: a turn of the model's own, which instructs nobody.

        Returns:
            All messages but the last are equal for all segments of a coder with the same `before`; the last begins
            with the book.
        """
        prefix = self._prefix(question, max_codes, words or {})
        texts = [piece.text for piece in (*book, *pieces)] + [message.content for message in prefix]
        texts += [text for one in before for text in (_answer(one, 1), *(piece.text for piece in one.pieces))]
        marker = fence.marker_for(secret, _BEFORE, texts)
        for one in before:
            prefix += [self._turn(one.pieces, marker), Message(role="assistant", content=_answer(one, 1))]
        turn = self._turn(pieces, fence.marker_for(secret, segment_id, texts))
        if book:
            shown = fence.fenced(book, fence.marker_for(secret, _BOOK, texts))
            turn = turn.model_copy(update={"content": f"{shown}\n{turn.content}"})
        return [*prefix, turn]

    def repair(self, messages: Sequence[Message], answer: str, problem: str) -> list[Message]:
        """The conversation that asks once more after an answer that could not be used.

        Args:
            messages: The conversation the answer belongs to.
            answer: The answer; its beginning is shown again as the model's own turn.
            problem: What was wrong with it, in our words.
        """
        return [
            *messages,
            Message(role="assistant", content=answer[:_ANSWER_SHOWN]),
            Message(role="user", content=templates.fill(self.repair_request, {"problem": problem})),
        ]

    def _prefix(self, question: str, max_codes: int, words: Mapping[str, str]) -> list[Message]:
        values = {"question": " ".join(question.split()), "codes": _codes(max_codes), **words}
        messages = [Message(role="system", content=templates.fill(self.instructions, values))]
        for number, example in enumerate(self.examples):
            texts = [piece.text for piece in example.pieces]
            marker = fence.marker_for("worked example", str(number), texts)
            messages.append(self._turn(example.pieces, marker))
            messages.append(Message(role="assistant", content=_answer(example, max_codes)))
        return messages

    def _turn(self, pieces: Sequence[Piece], marker: str) -> Message:
        return Message(role="user", content=f"{fence.fenced(pieces, marker)}\n{self.reminder}")


def load(
    agent: str, name: str, *, shots: int = 2, ending: Ending = "full_stop", folder: Path | None = None
) -> Prompt:
    """Load a prompt.

    Args:
        agent: Name of a folder of prompts, such as `coder` or `deductive`.
        name: Template's name, such as `expert_angle`.
        shots: Worked examples to show, the first so many of the agent's file; 0 for none.
        ending: How the request ends.
        folder: A study's own `prompts/` directory; files there replace ours of the same relative name.

    Raises:
        SettingsError: There is no such prompt, its placeholders are wrong, or it has fewer worked examples.
    """
    path = templates.find(f"{agent}/{name}.md", folder)
    if name not in templates.names(agent, folder):
        raise templates.unknown(agent, name, folder)
    required = {"question"} | _TOLD.get(agent, frozenset())
    body = templates.read(path, required={"shared"}, optional=required)
    shared = templates.read(templates.find(f"shared/{agent}.md", folder), required=required, optional=set())
    instructions = _ended(templates.fill(body, {"shared": shared}), ending)
    reminder = templates.read(templates.find(f"shared/{agent}_reminder.md", folder), required=set())
    repair = templates.read(templates.find("repair.md", folder), required={"problem"})
    examples = _examples(agent, name, shots, folder)
    shown = [[fence.fenced(example.pieces, ""), json.dumps(example.answer)] for example in examples]
    frame = [fence.OPENING, fence.CLOSING, fence.MARKER_LENGTH]
    return Prompt(
        name=f"{agent}/{name}",
        shots=shots,
        ending=ending,
        hash=digest(instructions, reminder, repair, shown, frame)[:16],
        instructions=instructions,
        reminder=reminder,
        repair_request=repair,
        examples=examples,
    )


def _examples(agent: str, name: str, shots: int, folder: Path | None) -> tuple[WorkedExample, ...]:
    path = templates.find(f"examples/{agent}.toml", folder)
    held = templates.read_examples(path) if shots else ()
    examples = tuple(example for example in held if example.template in ("", name))
    if shots < 0 or shots > len(examples):
        raise SettingsError(
            f"{shots} worked examples are asked for, and there are {len(examples)}.",
            where=str(path),
            remedy="Lower `shots`, or add examples to a file of that name in the study's prompts folder.",
        )
    return examples[:shots]


def _answer(example: WorkedExample, max_codes: int) -> str:
    answer = example.answer.items()
    kept = {key: value[:max_codes] if isinstance(value, list) else value for key, value in answer}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def _codes(max_codes: int) -> str:
    return "one code" if max_codes == 1 else f"at most {max_codes} codes, the weightiest first"


def _ended(request: str, ending: Ending) -> str:
    bare = request.rstrip()
    if ending == "line_break":
        return bare.removesuffix(".") + "\n"
    return bare if bare.endswith((".", "?", "!")) else bare + "."
