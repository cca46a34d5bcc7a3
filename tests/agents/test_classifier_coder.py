"""A classifier as a coder: alone, before a model, and where the codebook has moved on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from intercoder.agents import ClassifierCoder, build_classifier_coder, classifier_coder
from intercoder.agents.asking import NoAnswer
from intercoder.agents.deductive_coder import DeductiveCoder
from intercoder.agents.means import Means
from intercoder.agents.session import Session
from intercoder.core.codebook import Code, Codebook
from intercoder.core.decisions import CodeAnswer
from intercoder.core.deductive_settings import DeductiveCoderSettings
from intercoder.core.errors import ModelError
from tests.agents.conftest import Model, answering, segment
from tests.agents.deductive import BOOK, EXCLUSIVE, PRIDE, THRIFT, deciding
from tests.llms.classifiers.tiny_encoders import card, write_card

SURE, UNSURE = segment("A sure text."), segment("An unsure text.")
GIVEN = {SURE.text: (0.93, 0.04), UNSURE.text: (0.7, 0.02)}


class Rule:
    """A classifier that looks its probabilities up, and remembers what it was asked."""

    def __init__(self, given: Mapping[str, Sequence[float]]) -> None:
        self.given, self.asked, self.card = given, list[list[str]](), card()

    def probabilities(self, texts: Sequence[str]) -> Any:
        self.asked.append(list(texts))
        return np.array([self.given[text] for text in texts], dtype=np.float64)


@pytest.fixture
def rule(monkeypatch: pytest.MonkeyPatch) -> Rule:
    rule = Rule(GIVEN)
    monkeypatch.setattr(classifier_coder, "load_classifier", lambda folder: rule)
    return rule


def learnt(path: Path, book: Codebook, **changes: Any) -> Path:
    """A classifier of thrift and pride as a book has them."""
    head = "one_of_k" if book.exclusive else "multi_label"
    one = card(codes=(THRIFT.id, PRIDE.id), head=head, **changes)  # type: ignore[arg-type]
    return write_card(one.model_copy(update={"data": one.data.model_copy(update={"book": book})}), path)


def before(model: Model, book: Codebook) -> DeductiveCoder:
    """A language model that decides where the classifier does not."""
    return DeductiveCoder(
        DeductiveCoderSettings(name="fast", shots=0), book, Means(reference="given:model", model=model)
    )


async def said(coder: ClassifierCoder, text: Any, code: Code, session: Session) -> CodeAnswer:
    answer = await coder.decide(text, code, session)
    assert answer is not None
    return answer


async def test_another_classifier_in_its_place_does_not_go_on(tmp_path: Path, rule: Rule, session: Session) -> None:
    coder = ClassifierCoder("fast", learnt(tmp_path, BOOK), BOOK)
    await coder.read_ahead([SURE])
    rule.card = card(digest="second")
    with pytest.raises(ModelError, match="trained anew, or its bound changed, while it coded"):
        await coder.read_ahead([UNSURE])


async def test_it_says_what_is_more_probable_and_how_probable(tmp_path: Path, rule: Rule, session: Session) -> None:
    coder = ClassifierCoder("fast", learnt(tmp_path, BOOK), BOOK)
    thrift = await said(coder, SURE, THRIFT, session)
    pride = await said(coder, SURE, PRIDE, session)
    assert (thrift.coder, thrift.code_id, thrift.value, thrift.quote.text) == ("fast", THRIFT.id, "yes", "")
    assert thrift.reason == "The classifier gives it a probability of 0.93."
    assert (pride.value, pride.reason) == ("no", "The classifier gives it a probability of 0.04.")
    assert thrift.provenance.model_dump() == {
        "model": "classifier:mine",
        "prompt": "classifier/mine",
        "prompt_hash": "first",
        "answer_key": "",
    }
    assert session.tally.calls == 0


async def test_segments_are_read_ahead_all_at_once(tmp_path: Path, rule: Rule, session: Session) -> None:
    coder = ClassifierCoder("fast", learnt(tmp_path, BOOK), BOOK)
    await coder.read_ahead([SURE, UNSURE, SURE])
    for text in (SURE, UNSURE):
        for code in (THRIFT, PRIDE):
            await said(coder, text, code, session)
    assert rule.asked == [[SURE.text, UNSURE.text]]
    await coder.read_ahead([UNSURE])
    assert (await said(coder, SURE, THRIFT, session)).reason.endswith("0.93.")
    assert rule.asked[1:] == [[UNSURE.text], [SURE.text]]


async def test_of_an_exclusive_book_the_most_probable_code_is_chosen(
    tmp_path: Path, rule: Rule, session: Session
) -> None:
    coder = ClassifierCoder("fast", learnt(tmp_path, EXCLUSIVE), EXCLUSIVE)
    chosen = await coder.choose(SURE, session)
    assert chosen is not None
    assert (chosen.code_id, chosen.value, chosen.reason) == (
        THRIFT.id,
        "yes",
        "The classifier gives it a probability of 0.93.",
    )


@pytest.mark.parametrize(
    ("confidence", "on_card", "asked"), [(None, 0.8, 1), (0.95, 0.8, 2), (0.7, 0.8, 0), (None, 0.99, 2)]
)
async def test_before_a_model_it_decides_where_it_is_confident(
    tmp_path: Path, rule: Rule, session: Session, confidence: float | None, on_card: float, asked: int
) -> None:
    model = answering(deciding("Yes"))
    folder = learnt(tmp_path, BOOK, confidence=on_card)
    coder = ClassifierCoder("fast", folder, BOOK, before=before(model, BOOK), confidence=confidence)
    answers = [await said(coder, text, THRIFT, session) for text in (SURE, UNSURE)]
    assert model.count == asked
    assert {answer.coder for answer in answers} == {"fast"}
    models = [answer.provenance.model for answer in answers]
    assert models == ["classifier:mine"] * (2 - asked) + ["given:model"] * asked
    decided = [answer for answer in answers if answer.provenance.model == "classifier:mine"]
    bound = on_card if confidence is None else confidence
    assert {answer.provenance.prompt for answer in decided} <= {f"classifier/mine from {bound:g}"}


async def test_a_confident_no_is_not_asked_about_either(tmp_path: Path, rule: Rule, session: Session) -> None:
    model = answering(deciding("Yes"))
    coder = ClassifierCoder("fast", learnt(tmp_path, BOOK), BOOK, before=before(model, BOOK))
    assert (await said(coder, UNSURE, PRIDE, session)).value == "no"
    assert model.count == 0


async def test_of_an_exclusive_book_the_model_chooses_where_no_code_is_probable(
    tmp_path: Path, rule: Rule, session: Session
) -> None:
    model = answering(deciding("pride"))
    coder = ClassifierCoder("fast", learnt(tmp_path, EXCLUSIVE), EXCLUSIVE, before=before(model, EXCLUSIVE))
    chosen = [await coder.choose(text, session) for text in (SURE, UNSURE)]
    assert [one.code_id for one in chosen if one] == [THRIFT.id, PRIDE.id]
    assert model.count == 1


def changed(book: Codebook) -> Codebook:
    """The book after pride was defined anew."""
    codes = [one if one.id != PRIDE.id else one.model_copy(update={"definition": "Joy."}) for one in book.codes]
    return book.model_copy(update={"codes": tuple(codes)})


async def test_a_code_that_was_changed_since_is_not_decided_about(
    tmp_path: Path, rule: Rule, session: Session
) -> None:
    alone = ClassifierCoder("fast", learnt(tmp_path, BOOK), changed(BOOK))
    assert (await said(alone, SURE, THRIFT, session)).value == "yes"
    with pytest.raises(NoAnswer, match="has not learnt this code as the codebook has it now") as caught:
        await alone.decide(SURE, PRIDE, session)
    assert (caught.value.failure.coder, caught.value.failure.code_id) == ("fast", PRIDE.id)
    model = answering(deciding("Yes"))
    cascade = ClassifierCoder("fast", tmp_path, changed(BOOK), before=before(model, changed(BOOK)))
    assert (await said(cascade, SURE, PRIDE, session)).provenance.model == "given:model"


async def test_an_exclusive_book_that_was_changed_since_is_the_models(
    tmp_path: Path, rule: Rule, session: Session
) -> None:
    book = changed(EXCLUSIVE)
    alone = ClassifierCoder("fast", learnt(tmp_path, EXCLUSIVE), book)
    with pytest.raises(NoAnswer, match="has not learnt all codes"):
        await alone.choose(SURE, session)
    await alone.read_ahead([SURE])
    assert rule.asked == []
    model = answering(deciding("pride"))
    chosen = await ClassifierCoder("fast", tmp_path, book, before=before(model, book)).choose(SURE, session)
    assert chosen is not None
    assert chosen.provenance.model == "given:model"


def test_it_is_a_subgraph_too(tmp_path: Path, rule: Rule) -> None:
    graph = build_classifier_coder(learnt(tmp_path, BOOK))
    answers = graph.invoke({"text": SURE.text})["answers"]
    assert [(one.coder, one.code_id, one.value) for one in answers] == [
        ("classifier", THRIFT.id, "yes"),
        ("classifier", PRIDE.id, "no"),
    ]
    assert rule.asked == [[SURE.text]]
    model = answering(deciding("Yes"))
    cascade = build_classifier_coder(tmp_path, model=model, confidence=0.95, shots=0)
    assert [one.provenance.model for one in cascade.invoke({"text": SURE.text})["answers"]] == [
        "given:Model",
        "classifier:mine",
    ]
    assert model.count == 1


def test_a_subgraph_of_an_exclusive_book_chooses(tmp_path: Path, rule: Rule) -> None:
    (answer,) = build_classifier_coder(str(learnt(tmp_path, EXCLUSIVE))).invoke({"text": SURE.text})["answers"]
    assert answer.code_id == THRIFT.id


def test_without_a_classifier_there_is_no_coder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such classifier"):
        build_classifier_coder(tmp_path)
