"""Answers files: what they say, and how precisely they are told what is wrong."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercoder.core.codebook import CodeExample
from intercoder.core.errors import InputError
from intercoder.core.revisions import RecordedRevision, Revision, revised
from intercoder.formats.answers_files import AnswersFile, answers_template, parse_answers, read_answers, toml_text
from tests.stores.codebooks.proposals import MEND, REDEFINE, RULE, SPLIT

WHOLE = """
by = "ana"
others = "reject"

[[answers]]
revision = 3
answer = "edit"
text = "Mended by oneself."
note = "Shorter."

[[answers]]
revision = "r_1"
answer = "approve"

[[answers]]
revision = 5
answer = "edit"
[[answers.codes]]
label = "buying new"
[[answers.codes]]
label = "buying used"
definition = "From somebody."
examples = ["a used chair"]
"""


def test_a_whole_file_is_read() -> None:
    read = parse_answers(WHOLE, "answers.toml")
    assert (read.by, read.others) == ("ana", "reject")
    first, second, third = read.answers
    assert (first.revision, first.answer, first.text, first.note) == (3, "edit", "Mended by oneself.", "Shorter.")
    assert (second.revision, second.answer, second.draft) == ("r_1", "approve", None)
    assert third.place == "answers.toml: answers 3"
    assert third.draft is not None
    new, used = third.draft.codes
    assert (new.label, new.definition) == ("buying new", None)
    assert (used.definition, used.examples) == ("From somebody.", (CodeExample(text="a used chair"),))


def test_a_file_may_answer_nothing() -> None:
    assert parse_answers('by = "ana"', "a") == AnswersFile(source="a", by="ana")


def test_a_number_may_stand_as_text() -> None:
    assert (
        parse_answers('by = "ana"\n[[answers]]\nrevision = "12"\nanswer = "reject"', "a").answers[0].revision == 12
    )


ENTRY = 'by = "ana"\n[[answers]]\nrevision = 1\nanswer = "approve"\n[[answers]]\n'


@pytest.mark.parametrize(
    ("text", "where", "message", "remedy"),
    [
        ("by = ana", "f", "not valid TOML", "line 1, column"),
        ('by = "ana"\nby = "ben"', "f", "not valid TOML", ""),
        ("a = " + "[" * 2000, "f", "not valid TOML", ""),
        ('b = "ana"', "f", "the key `b` is not known", ""),
        ('by = "ana"\nother = "reject"', "f", "the key `other` is not known", "Did you mean `others`?"),
        ('by = ""', "f: by", "at least 1 character", ""),
        ("others = 'reject'", "f: by", "missing", ""),
        ('by = "ana"\nothers = "edit"', "f: others", "'approve' or 'reject'", ""),
        (f"{ENTRY}revision = 2", "f: answers 2: answer", "missing", ""),
        (f'{ENTRY}answer = "approve"', "f: answers 2: revision", "missing", ""),
        (f'{ENTRY}revision = 2\nansver = "reject"', "f: answers 2", "`ansver` is not known", "`answer`"),
        (f'{ENTRY}revision = 2\nanswer = "yes"', "f: answers 2: answer", "here is 'yes'", ""),
        (f'{ENTRY}revision = true\nanswer = "reject"', "f: answers 2: revision", "here is True", ""),
        (f'{ENTRY}revision = 2.5\nanswer = "reject"', "f: answers 2: revision", "here is 2.5", ""),
        (f'{ENTRY}revision = 2\nanswer = "edit"', "f: answers 2", "either `text` or `codes`", "Add `text"),
        (f'{ENTRY}revision = 2\nanswer = "approve"\ntext = "x"', "f: answers 2", "the answer is `approve`", ""),
        (
            f'{ENTRY}revision = 2\nanswer = "edit"\ntext = "x"\n[[answers.codes]]\nlabel = "x"',
            "f: answers 2",
            "either",
            "",
        ),
        (
            f'{ENTRY}revision = 2\nanswer = "edit"\n[[answers.codes]]\nlabel = "x"\ndefinitoin = "y"',
            "f: answers 2: codes 1",
            "`definitoin` is not known",
            "`definition`",
        ),
        (
            f'{ENTRY}revision = 2\nanswer = "edit"\n[[answers.codes]]\nlabel = 3',
            "f: answers 2: codes 1: label",
            "3",
            "",
        ),
        ('by = "ana"\nanswers = 3', "f: answers", "here is 3", ""),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, where: str, message: str, remedy: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_answers(text, "f")
    assert caught.value.where == where
    assert message in caught.value.message
    assert remedy in f"{caught.value.message} {caught.value.remedy}"
    assert caught.value.remedy


def test_bad_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_answers(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes('by = "Jörg"'.encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8"):
        read_answers(tmp_path / "latin.toml")
    with pytest.raises(InputError, match="directory"):
        read_answers(tmp_path)


def test_files_of_other_systems_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode())
    read = read_answers(tmp_path / "a.toml")
    assert len(read.answers) == 3


@given(st.text())
def test_any_text_can_be_written_as_toml(text: str) -> None:
    written = toml_text(text)
    assert len(written.splitlines()) == 1
    assert tomllib.loads(f"a = {written}")["a"] == text


def recorded(number: int, revision: Revision) -> RecordedRevision:
    return RecordedRevision(number=number, revision=revision, created_at="2026-01-01T00:00:00Z")


@given(st.text(min_size=1), st.text())
def test_a_template_answers_nothing_until_it_is_filled_in(by: str, line: str) -> None:
    one = recorded(4, revised("definition", MEND, definition=line))
    read = parse_answers(answers_template([(one, [line])], by, line), "a")
    assert read == AnswersFile(source="a", by=by)


def test_a_template_with_its_comments_taken_away_answers_all() -> None:
    waiting = [(recorded(4, REDEFINE), ["x"]), (recorded(5, RULE), []), (recorded(6, SPLIT), [])]
    template = answers_template(waiting, "ana", "title")
    lines = [line.removeprefix("# ") for line in template.splitlines()]
    read = parse_answers("\n".join(line for line in lines if line not in ("title", "x")), "a")
    assert read.others == "reject"
    assert [(one.revision, one.answer) for one in read.answers] == [(n, "approve") for n in (4, 5, 6)]
    edit = template.replace("# # text", "text").replace("# ", "").replace('"approve"', '"edit"', 1)
    assert '\ntext = "Somebody mends a thing oneself."' in edit
    assert '\ntext = "tools"' in edit
