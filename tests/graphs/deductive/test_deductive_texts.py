from typing import Any

import pytest

import intercoder.graphs
from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.coded_lines import COLUMNS
from intercoder.core.deductive_settings import DeductiveCoderSettings, DeductiveModerator
from intercoder.core.errors import InputError, ModelError
from intercoder.core.study import Privacy
from intercoder.graphs import acode_deductively, code_deductively
from tests.graphs.deductive.deductive_models import TEXTS, Asked, Reader, codebook, coder, study

BOOK = {"money": "Costs.", "mending": "Repair."}


def test_labels_and_definitions_are_enough() -> None:
    result = code_deductively(TEXTS, BOOK, model=Reader().model)
    table = result.to_table()
    assert list(table.columns) == ["text", "money", "mending"]
    assert list(table.text) == list(TEXTS)
    assert list(table.money) == ["yes", "no", "no", "yes"]
    assert list(table.mending) == ["yes", "no", "yes", "no"]
    frame = result.to_frame()
    assert list(frame.columns) == list(COLUMNS)
    assert len(frame) == 8
    assert set(frame.final) == {True}
    assert list(frame[frame.code == "money"].value) == ["yes", "no", "no", "yes"]
    assert result.codebook.codes[0].definition == "Costs."


def test_the_same_labels_are_the_same_codes() -> None:
    first, second = (code_deductively(TEXTS, BOOK, model="scripted:words") for _ in range(2))
    assert first.decisions == second.decisions
    assert first.to_frame().equals(second.to_frame())


async def test_it_works_where_a_loop_runs_already() -> None:
    blocking = code_deductively(TEXTS, BOOK, model="scripted:words")
    assert (await acode_deductively(TEXTS, BOOK, model="scripted:words")).decisions == blocking.decisions


def test_a_codebook_keeps_its_ids_and_patterns() -> None:
    codes = (*codebook().codes, Code(id="p", label="capital M", kind="pattern", pattern=r"\bM\w+"))
    result = code_deductively(TEXTS, Codebook(version=4, codes=codes), model=Reader().model)
    assert list(result.to_table()["capital M"]) == ["no", "no", "yes", "yes"]
    assert {one.codebook_version for one in result.decisions} == {4}
    assert set(result.final.values) == {"m", "r", "p"}


def test_several_coders_are_settled() -> None:
    reader = Reader(lambda asked: "Yes" if asked.seed == 0 else "No")
    coders = [coder("a", 0), coder("b", 10), coder("c", 20)]
    result = code_deductively(TEXTS, BOOK, model=reader.model, coders=coders)
    assert set(result.to_table().money) == {"no"}
    frame = result.to_frame()
    assert frame.groupby("coder").final.all().to_dict() == {"a": False, "b": False, "c": False, "moderator": True}
    trusted = [coder("a", 0, weight=9.0), *coders[1:]]
    moderator = DeductiveModerator(kind="weighted")
    weighted = code_deductively(TEXTS, BOOK, model=reader.model, coders=trusted, moderator=moderator)
    assert set(weighted.to_table().money) == {"yes"}


def test_exclusive_books_give_one_code_a_text() -> None:
    def choose(asked: Asked) -> str:
        return "unsure" if "Nothing" in asked.text else "mending" if "ending" in asked.text else "money"

    result = code_deductively(TEXTS, BOOK, model=Reader(choose).model, exclusive=True, allow_unsure=True)
    table = result.to_table()
    assert list(table.money) == ["no", "unsure", "no", "yes"]
    assert list(table.mending) == ["yes", "unsure", "yes", "no"]
    assert len(result.decisions) == 4
    assert [one.code_id is None for one in result.decisions] == [False, True, False, False]


def test_a_question_without_an_answer_leaves_its_cell_empty() -> None:
    reader = Reader(lambda asked: "perhaps" if "fun" in asked.text else "Yes")
    result = code_deductively(TEXTS, BOOK, model=reader.model)
    money = result.to_table().money
    assert list(money.isna()) == [False, False, True, False]
    assert set(money.dropna()) == {"yes"}
    assert len(result.failures) == 2


def test_the_question_is_shown_where_there_is_one() -> None:
    shown: list[str] = []

    class Listener(Reader):
        def answer(self, messages: Any, schema: Any, seed: int | None) -> str:
            shown.append(messages[0][1])
            return super().answer(messages, schema, seed)

    code_deductively(TEXTS[:1], BOOK, model=Listener().model, question="Why repair?")
    code_deductively(TEXTS[:1], BOOK, model=Listener().model)
    assert ["Why repair?" in one for one in shown] == [True, True, False, False]
    assert not any("What does the codebook say" in one for one in shown)


def test_settings_of_a_study_are_used() -> None:
    settings = study(coder("a", 0), coder("b", 10), privacy=Privacy())
    result = code_deductively(TEXTS, BOOK, model=Reader().model, study=settings)
    assert {one.coder for one in result.decisions} == {"a", "b", "moderator"}


@pytest.mark.parametrize(
    ("texts", "book", "message"),
    [
        ([], BOOK, "at least one text"),
        ("one text", BOOK, "at least one text"),
        (["fine", " "], BOOK, "empty"),
        (TEXTS, {}, "no codes"),
        (TEXTS, {"a": "", "A ": ""}, "two codes have the label"),
        (TEXTS, Codebook(version=1, codes=(Code(id="a", label="a", kind="pattern", pattern="("),)), "pattern"),
    ],
)
def test_bad_input_is_refused_before_anything_is_asked(texts: Any, book: Any, message: str) -> None:
    reader = Reader()
    with pytest.raises(InputError, match=message):
        code_deductively(texts, book, model=reader.model)
    assert reader.asked == []


def test_a_coder_that_replays_a_table_needs_a_study() -> None:
    with pytest.raises(InputError, match="replays a table"):
        code_deductively(TEXTS, BOOK, coders=[DeductiveCoderSettings(name="old", replay="answers.csv")])


def test_nothing_leaves_the_machine_unasked() -> None:
    with pytest.raises(ModelError, match="allow_remote"):
        code_deductively(TEXTS, BOOK, model="openai:large@https://models.example.org/v1")


@pytest.mark.parametrize("name", intercoder.graphs.__all__)
def test_all_that_the_room_offers_is_there(name: str) -> None:
    assert callable(getattr(intercoder.graphs, name))
