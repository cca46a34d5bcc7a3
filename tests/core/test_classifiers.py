"""Which codes a classifier knows, and how settings name one."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from intercoder.core.agent_settings import CoderSettings
from intercoder.core.classifiers import ClassifierCard, group_keys, read_card, text_key
from intercoder.core.codebook import Code, Codebook
from intercoder.core.deductive_settings import Deduction, DeductiveCoderSettings
from intercoder.core.errors import ModelError
from intercoder.core.study import Study
from tests.llms.classifiers.tiny_encoders import card, write_card

GROUP = Code(id="g", label="group")
BOOK = Codebook(
    version=1,
    codes=(GROUP, Code(id="a", label="one", parent="g"), Code(id="b", label="two"), Code(id="c", label="three")),
)


def changed(code_id: str, **values: object) -> Codebook:
    codes = [code.model_copy(update=values) if code.id == code_id else code for code in BOOK.codes]
    return BOOK.model_copy(update={"codes": tuple(codes), "version": 2})


def exclusive(book: Codebook) -> Codebook:
    return book.model_copy(update={"exclusive": True})


def learnt(*codes: str, book: Codebook = BOOK) -> set[str]:
    return set(of(*codes).knows(book))


def of(*codes: str, book: Codebook = BOOK) -> ClassifierCard:
    one = card(codes=codes, head="one_of_k" if book.exclusive else "multi_label")
    return one.model_copy(update={"data": one.data.model_copy(update={"book": book})})


def test_it_knows_codes_as_they_were_learnt() -> None:
    assert learnt("a", "b") == {"a", "b"}
    assert learnt("a", "b", book=changed("b", definition="Twice.")) == {"a"}
    assert learnt("a", "b", book=changed("g", definition="All.")) == {"b"}
    assert learnt("a", "b", book=changed("a", colour="#ff0000", revision=2)) == {"a", "b"}
    assert learnt("a", "b", book=BOOK.model_copy(update={"allow_unsure": True})) == set()


def test_of_an_exclusive_book_it_knows_all_or_nothing() -> None:
    book = exclusive(BOOK)
    assert set(of("a", "b", "c", book=book).knows(book)) == {"a", "b", "c"}
    assert not of("a", "b", "c", book=book).knows(exclusive(changed("b", definition="Twice.")))
    assert not of("a", "b", book=book).knows(book)
    assert not of("a", "b", "c").knows(book)


def test_what_it_does_not_know_is_told_but_for_patterns() -> None:
    book = changed("c", kind="pattern", pattern="x")
    assert [code.id for code in of("a").unknown(book)] == ["b"]
    assert of("a", "b").labels == {"a": "one", "b": "two"}


def test_a_text_is_the_same_whatever_its_spaces_and_case() -> None:
    assert text_key("A  text\n") == text_key("a text") != text_key("a test")


def test_a_card_is_read_back_or_the_fault_told(tmp_path: Path) -> None:
    one = card("mine", confidence=0.9, temperature=1.5)
    assert read_card(write_card(one, tmp_path / "mine")) == one
    with pytest.raises(ModelError) as caught:
        read_card(tmp_path / "yours")
    assert caught.value.remedy == "There are: mine."


def settings(*coders: DeductiveCoderSettings) -> Study:
    return Study(
        question="Why?",
        coders=(CoderSettings(name="ana", model="scripted:words"),),
        deductive=Deduction(coders=coders),
    )


def test_a_classifier_alone_asks_no_model_and_one_before_a_model_does() -> None:
    alone = DeductiveCoderSettings(name="x", model="classifier:mine")
    cascade = DeductiveCoderSettings(name="y", classifier="mine", confidence=0.9)
    replay = DeductiveCoderSettings(name="z", replay="a.csv")
    assert [(one.asks, one.classifies) for one in (alone, cascade, replay)] == [
        (False, "mine"),
        (True, "mine"),
        (False, ""),
    ]
    study = settings(alone, cascade, replay)
    assert study.deductive_models == ("scripted:words",)
    assert [study.answered_by(one) for one in study.deductive.coders] == [
        "classifier:mine",
        "classifier:mine before scripted:words",
        "replays a.csv",
    ]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"classifier": "mine", "replay": "a.csv"}, "who decides before a language model"),
        ({"classifier": "mine", "model": "classifier:mine"}, 'alone write model = "classifier:mine"'),
        ({"confidence": 0.9}, "`confidence` belongs to a coder with a `classifier`"),
        ({"confidence": 0.9, "model": "classifier:mine"}, "`confidence` belongs"),
        ({"classifier": "mine", "confidence": 1.5}, "less than or equal to 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(values: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        DeductiveCoderSettings.model_validate({"name": "x", **values})


def test_a_group_is_a_value_of_an_attribute_and_no_value_is_none() -> None:
    village = group_keys({"village": "Nes", "age": 1, "town": None, "street": ""}, ["village"])
    assert len(village) == 1
    assert village < group_keys({"village": "Nes", "age": 1}, ["village", "age"])
    assert village.isdisjoint(group_keys({"town": "Nes"}, ["town"]))
    assert group_keys({"age": 1}, ["age"]) != group_keys({"age": "1"}, ["age"])
    assert not group_keys({"town": None, "street": ""}, ["town", "street", "parish"])
