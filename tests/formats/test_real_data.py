"""Real tables that people coded, as they were published."""

from collections import Counter
from pathlib import Path

import pytest

from intercoder.core.documents import Document
from intercoder.core.errors import InputError
from intercoder.core.texts.segmentation import segment
from intercoder.formats import ReadOptions, ReadReport, read_documents

pytestmark = pytest.mark.shared


def read(path: Path, **options: object) -> list[Document]:
    report = ReadReport()
    documents = list(read_documents(path, ReadOptions.model_validate(options), report=report))
    assert (report.encoding, report.skipped, report.notes) == ("utf-8", 0, [])
    return documents


def types(documents: list[Document], column: str) -> set[str]:
    return {type(document.attributes[column]).__name__ for document in documents}


def test_survey_answers_with_context(shared_data: Path) -> None:
    documents = read(
        shared_data / "games_as_art" / "responses.csv",
        text_column="why_art",
        id_column="id",
        context_columns=["experience"],
    )
    assert len(documents) == 174
    assert documents[0].name == "responses.csv#G001"
    assert documents[0].context == documents[0].attributes["experience"]
    assert documents[0].text.startswith("the richness of pictures/drawings.\n- there was")
    assert types(documents, "used_as_prompt_example") == {"float", "NoneType"}
    assert all(len(segment(document.text, "row")) == 1 for document in documents)


def test_crowd_coded_sentences_between_their_neighbours(shared_data: Path) -> None:
    documents = read(
        shared_data / "uk_immigration_crowd" / "sentences.csv",
        text_column="sentence_text",
        id_column="sentence_id",
        context_columns=["pre_sentence", "post_sentence"],
    )
    assert len(documents) == 1602
    assert documents[0].context.startswith("post_sentence: Today the challenges")
    assert documents[1].context.startswith("pre_sentence: INVITATION")
    assert types(documents, "n_judgments") == {"int"}
    assert types(documents, "share_immigration") == {"float"}


def test_tweets_cut_into_sentences(shared_data: Path) -> None:
    documents = read(shared_data / "trump_tweets" / "tweets_2017_2018.csv", id_column="tweet_id")
    assert len(documents) == 3110
    assert types(documents, "HSTG") == {"int"}
    assert Counter(document.attributes["is_retweet"] for document in documents).keys() == {"True", "False"}
    for document in documents:
        pieces = [document.text[span.start : span.end] for span in segment(document.text, "sentence")]
        assert all(any(c.isalnum() or ord(c) > 0x2100 for c in piece) for piece in pieces)


def test_reviews(shared_data: Path) -> None:
    folder = shared_data / "semeval2014_absa"
    assert len(read(folder / "restaurants.csv", id_column="sentence_id")) == 3841
    assert len(read(folder / "laptops.csv")) == 3845
    with pytest.raises(InputError, match="'227' stands in row 1287 and again in row 3353"):
        read(folder / "laptops.csv", id_column="sentence_id")
