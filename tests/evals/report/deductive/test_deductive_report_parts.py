"""What recoding changed, quotes in texts, and clear examples."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.deduction import CoderValues, Round
from intercoder.core.decisions import Decision, Failure, Role, Value
from intercoder.core.revising.recoding import Failed, recodings
from intercoder.evals.report.excerpts import EXAMPLES, clear_examples
from intercoder.evals.report.passages import LONGEST, marked

CODES = (Code(id="c_a", label="a"), Code(id="c_b", label="b"))


def said(round_: int, segment: str, code: str | None, value: Value, role: Role = "coder") -> Decision:
    return Decision(
        id=f"x{round_}{segment}{code}{role}",
        run="codevelop-1",
        round=round_,
        segment_id=segment,
        role=role,
        coder="reader",
        position=0,
        label=code,
        code_id=code,
        value=value,
        codebook_version=round_,
    )


def rounds(*codes: Sequence[str]) -> list[Round]:
    return [Round(number=at, codebook_version=at, codes=tuple(some)) for at, some in enumerate(codes, 1)]


def books(count: int, *, exclusive: bool = False) -> dict[int, Codebook]:
    return {at: Codebook(version=at, codes=CODES, exclusive=exclusive) for at in range(1, count + 1)}


def test_only_what_was_coded_again_is_compared_and_an_answer_left_out_stayed_the_same() -> None:
    first = [said(1, "s1", "c_a", "yes"), said(1, "s2", "c_a", "no"), said(1, "s1", "c_b", "yes")]
    again = [said(2, "s1", "c_a", "no")]
    (found,) = recodings(rounds(["c_a", "c_b"], ["c_a"]), books(2), [*first, *again], [])
    assert (found.again, found.first, found.lost) == (2, 0, 0)
    assert [(one.before.id, one.after.id) for one in found.changed] == [(first[0].id, again[0].id)]


def test_another_reason_is_no_change_and_repeats_do_not_count() -> None:
    first = [said(1, "s1", "c_a", "yes"), said(1, "s1", "c_a", "yes", "repeat")]
    reworded = said(2, "s1", "c_a", "yes").model_copy(update={"reason": "put otherwise"})
    again = [reworded, said(2, "s1", "c_a", "no", "repeat")]
    (found,) = recodings(rounds(["c_a"], ["c_a"]), books(2), [*first, *again], [])
    assert found.changed == ()
    assert found.again == 1


def test_an_answer_that_is_lost_is_lost_and_then_given_for_the_first_time_again() -> None:
    failure = Failure(segment_id="s1", role="coder", coder="reader", kind="invalid", message="", code_id="c_a")
    decisions = [said(1, "s1", "c_a", "yes"), said(3, "s1", "c_a", "no")]
    second, third = recodings(rounds(["c_a"], ["c_a"], ["c_a"]), books(3), decisions, [Failed(2, failure)])
    assert (second.lost, second.changed) == (1, ())
    assert (third.first, third.changed) == (1, ())


def test_another_choice_counts_for_the_code_it_left_and_the_code_it_went_to() -> None:
    decisions = [said(1, "s1", "c_a", "yes"), said(2, "s1", "c_b", "yes")]
    (found,) = recodings(rounds(["c_a", "c_b"], ["c_a", "c_b"]), books(2, exclusive=True), decisions, [])
    assert len(found.changed) == len(found.changed_of("c_a")) == len(found.changed_of("c_b")) == 1


def test_nothing_is_compared_where_codes_began_to_exclude_one_another() -> None:
    decisions = [said(1, "s1", "c_a", "yes"), said(2, "s1", "c_b", "yes")]
    both = {1: books(1)[1], 2: books(2, exclusive=True)[2]}
    (found,) = recodings(rounds(["c_a", "c_b"], ["c_a", "c_b"]), both, decisions, [])
    assert (found.again, found.first, found.changed) == (0, 1, ())


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=8), max_size=4))
def test_marking_quotes_never_changes_a_text(text: str, quotes: list[str]) -> None:
    pieces = marked(text, quotes)
    assert "".join(piece.text for piece in pieces) == text
    assert all(one.marked != other.marked for one, other in pairwise(pieces))


def test_overlapping_quotes_are_one_mark() -> None:
    assert [piece.text for piece in marked("we mend what we can", ["mend what", "what we"]) if piece.marked] == [
        "mend what we"
    ]


def test_a_long_text_is_cut_round_its_quote() -> None:
    pieces = marked(f"{'a ' * 2000}we mend {'b ' * 2000}", ["we mend"])
    assert [piece.text for piece in pieces if piece.marked] == ["we mend"]
    assert len("".join(piece.text for piece in pieces)) <= LONGEST + 4


def test_clear_examples_are_those_on_which_all_coders_agree_and_that_are_not_shown_yet() -> None:
    segments = [f"s{place}" for place in range(12)]
    one: dict[str, Value] = {segment: "yes" if place % 2 else "no" for place, segment in enumerate(segments)}
    other: dict[str, Value] = {**one, "s1": "no"}
    values = [
        CoderValues(name=name, role="coder", values={"c_a": said_})
        for name, said_ in (("one", one), ("other", other))
    ]
    found = clear_examples(values, "c_a", {"s0"})
    assert "s1" not in found
    assert "s0" not in found
    assert [one[segment] for segment in found] == ["yes"] * EXAMPLES + ["no"] * (EXAMPLES - 1)
