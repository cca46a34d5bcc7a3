"""Answers to revisions as a file: read for a run without a person at hand, written to be filled in.

    by = "ana"
    others = "reject"      # what is not named; without it the rest waits

    [[answers]]
    revision = 3           # its number or id
    answer = "edit"        # approve, edit or reject
    text = "..."           # of an edit: the new label, definition, rule or example
    note = "..."

An edit of a split or a merge says instead what the codes become, each as `[[answers.codes]]` with `label`,
`definition`, `include`, `exclude`, `examples` and `negative_examples`; what is left out stays as proposed.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, StrictInt, ValidationError

from intercoder.core.codebook import CodeExample
from intercoder.core.codebooks.codebook_drafts import Draft, DraftCode
from intercoder.core.errors import InputError
from intercoder.core.record import Record
from intercoder.core.revising.revision_edits import TEXTS
from intercoder.core.revisions import RecordedRevision, Revision
from intercoder.formats.files import check_file, told

EXAMPLE = """\
by = "your name"
[[answers]]
revision = 1
answer = "approve"
"""


class _Code(Record):
    id: str = ""
    label: str = ""
    definition: str | None = None
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    examples: tuple[str, ...] | None = None
    negative_examples: tuple[str, ...] | None = None
    pattern: str | None = None


class _Answer(Record):
    revision: StrictInt | str
    answer: Literal["approve", "edit", "reject"]
    text: str | None = None
    note: str = ""
    codes: tuple[_Code, ...] = ()


class _File(Record):
    by: str = Field(min_length=1)
    others: Literal["approve", "reject"] | None = None
    answers: tuple[_Answer, ...] = ()


class WrittenAnswer(Record):
    """One answer of a file."""

    revision: int | str
    """The revision's number or id."""
    answer: Literal["approve", "edit", "reject"]
    text: str = ""
    """Of an edit: the one text as it shall be; empty where `draft` says what the codes become."""
    draft: Draft | None = None
    note: str = ""
    place: str
    """Where it stands, such as `answers.toml: answers 2`."""


class AnswersFile(Record):
    """The answers of one person."""

    source: str
    by: str
    others: Literal["", "approve", "reject"] = ""
    """What is said to the revisions that are not named; empty: nothing."""
    answers: tuple[WrittenAnswer, ...] = ()


def answers_template(revisions: Iterable[tuple[RecordedRevision, Sequence[str]]], by: str, title: str) -> str:
    """An answers file that names revisions, all commented out, for a person to fill in.

    Args:
        revisions: Each with lines that say what it is about; any text, which is made harmless.
        by: Who will answer.
        title: What the file is, one line.
    """
    parts = [
        f"# {_printable(title)}",
        f"by = {toml_text(by)}",
        '# others = "reject"  # what is said to all that is not answered below: approve or reject',
        "",
    ]
    for one, lines in revisions:
        parts += [f"# {_printable(line)}" for line in lines]
        parts += ["# [[answers]]", f"# revision = {one.number}", '# answer = "approve"  # approve, edit or reject']
        parts += [f"# # text = {toml_text(text)}  # for `edit`" for text in _texts(one.revision)]
        parts += ['# note = ""', ""]
    return "\n".join(parts)


def toml_text(text: str) -> str:
    """A text as a TOML string on one line."""
    return _printable(json.dumps(text, ensure_ascii=False))


def read_answers(path: Path) -> AnswersFile:
    """Read an answers file.

    Raises:
        InputError: It is missing, no TOML (line and column), has an unknown key (the nearest right one is named), a
            value of a wrong type, or an edit that does not say what to.
    """
    with told(path):
        check_file(path)
        content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("the file is not UTF-8.", where=str(path), remedy="Save it as UTF-8.") from None
    return parse_answers(text, str(path))


def parse_answers(text: str, source: str) -> AnswersFile:
    """Read answers from TOML; see `read_answers`."""
    try:
        # Line ends of other systems are line ends in texts of several lines too.
        raw = tomllib.loads(text.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        problem = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "it is nested too deeply"
        raise InputError(
            f"this is not valid TOML: {problem}.",
            where=source,
            remedy="Mend that place: text stands in quotation marks, and each key once in its table.",
        ) from None
    try:
        file = _File.model_validate(raw)
    except ValidationError as error:
        raise _wrong(error, raw, source) from None
    answers = tuple(_written(one, f"{source}: answers {number}") for number, one in enumerate(file.answers, 1))
    return AnswersFile(source=source, by=file.by, others=file.others or "", answers=answers)


def _texts(revision: Revision) -> list[str]:
    """The one text of a revision that an edit may put otherwise; none where it has not one."""
    field = TEXTS.get(revision.kind)
    if field is None:
        return []
    old, new = getattr(revision.before[0], field), getattr(revision.after[0], field)
    if isinstance(new, str):
        return [new]
    added = [item.text if isinstance(item, CodeExample) else item for item in new if item not in old]
    return added if len(added) == 1 else []


def _printable(text: str) -> str:
    """The text on one line, with characters that do not show written as TOML escapes."""
    escaped = (one if one.isprintable() else f"\\u{ord(one):04X}" for one in text)
    return "".join(one if len(one) < 7 else f"\\U{one[2:]:0>8}" for one in escaped)


def _written(given: _Answer, place: str) -> WrittenAnswer:
    if given.answer != "edit" and (given.text is not None or given.codes):
        raise InputError(
            f"the answer is `{given.answer}`, but says what the revision becomes.",
            where=place,
            remedy='Write `answer = "edit"`, or take the `text` or `codes` out.',
        )
    if given.answer == "edit" and (given.text is None) == (not given.codes):
        raise InputError(
            "an edit says what the revision becomes: either `text` or `codes`.",
            where=place,
            remedy='Add `text = "..."`, or for several codes a `[[answers.codes]]` each.',
        )
    draft = Draft(source=place, codes=tuple(_draft(code, place) for code in given.codes)) if given.codes else None
    return WrittenAnswer(
        revision=int(given.revision) if str(given.revision).isdecimal() else given.revision,
        answer=given.answer,
        text=given.text or "",
        draft=draft,
        note=given.note,
        place=place,
    )


def _draft(code: _Code, place: str) -> DraftCode:
    kind: dict[str, Any] = {} if code.pattern is None else {"kind": "pattern" if code.pattern else "model"}
    return DraftCode(
        **code.model_dump(exclude={"examples", "negative_examples"}),
        **kind,
        examples=_examples(code.examples),
        negative_examples=_examples(code.negative_examples),
        places={"": place},
    )


def _examples(texts: Sequence[str] | None) -> tuple[CodeExample, ...] | None:
    return None if texts is None else tuple(CodeExample(text=text) for text in texts)


def _wrong(error: ValidationError, raw: dict[str, Any], source: str) -> InputError:
    """The first thing that is wrong, with its place: file, number of the entry, key."""
    problems = error.errors(include_url=False)
    # A mistyped key is missing under its right name too.
    problem = next((one for one in problems if one["type"] == "extra_forbidden"), problems[0])
    # A union names its branch after the key.
    location = [part for part in problem["loc"] if part not in ("int", "str")]
    where = ": ".join([source, *_told(location[:-1] if problem["type"] == "extra_forbidden" else location)])
    if problem["type"] == "extra_forbidden":
        known = _keys(location)
        close = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
        hint = f"Did you mean `{close[0]}`?" if close else f"Keys are: {', '.join(known)}."
        return InputError(f"the key `{location[-1]}` is not known.", where=where, remedy=hint)
    if problem["type"] == "missing":
        return InputError("this key is missing.", where=where, remedy=f"An answers file looks so:\n{EXAMPLE}")
    message, given = problem["msg"], problem.get("input")
    shown = f"; here is {given!r}" if isinstance(given, str | int | float | bool) else ""
    return InputError(
        f"{message[:1].lower()}{message[1:]}{shown}.", where=where, remedy=f"An answers file looks so:\n{EXAMPLE}"
    )


def _told(location: Sequence[int | str]) -> list[str]:
    """A place in words, entries counted from 1: `answers 2`, `codes 1`, `label`."""
    words: list[str] = []
    for part in location:
        if isinstance(part, int) and words:
            words[-1] = f"{words[-1]} {part + 1}"
        else:
            words.append(str(part))
    return words


def _keys(location: Sequence[int | str]) -> list[str]:
    """Keys that are known where an unknown one stands."""
    tables = [part for part in location[:-1] if isinstance(part, str)]
    table = (_File, _Answer, _Code)[min(len(tables), 2)]
    return list(table.model_fields)
