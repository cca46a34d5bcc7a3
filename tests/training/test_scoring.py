import math
from pathlib import Path

import pytest

from intercoder.evals.quality import absolute, scores
from intercoder.training.scoring import LIKENESSES, score
from tests.training.selecting import NoSynonyms, embed

REFERENCES = [["pride in mending", "own work"], ["missing parts"], ["price of repair"]]
WORDS = NoSynonyms()


def test_full_answers_are_measured_as_evaluate_does() -> None:
    labels = ["pride in own work", "missing spare parts", "waste"]
    found = score({"a": labels}, REFERENCES, embed=embed, encoder=None, wordnet=WORDS)
    table = scores({"a": labels}, REFERENCES).to_dict("index")["a"]
    for name in ("rouge1", "rouge2", "rougeL"):
        assert found.mean("a", name) == pytest.approx(table[name])
    assert found.words["a"] == table["length"]
    assert found.absolute("a") == pytest.approx(absolute(labels, REFERENCES, embed=embed, wordnet=WORDS))


def test_an_item_without_a_label_is_a_miss_and_not_left_out() -> None:
    whole = ["pride in mending", "missing parts", "price of repair"]
    found = score(
        {"whole": whole, "lazy": ["pride in mending", "", ""], "none": ["", "", ""]},
        REFERENCES,
        embed=embed,
        encoder=None,
        wordnet=WORDS,
    )
    for name in ("rouge1", "cosine", "meteor"):
        assert found.mean("lazy", name) == pytest.approx(found.items["whole"][0][LIKENESSES.index(name)] / 3)
        assert found.mean("none", name) == 0
    assert found.absolute("lazy") < found.absolute("whole")
    assert found.words["lazy"] == 3
    assert math.isnan(found.words["none"])
    assert math.isnan(found.absolute("none"))


def test_the_best_of_several_references_counts() -> None:
    found = score({"a": ["own work", "x", "x"]}, REFERENCES, embed=embed, encoder=None, wordnet=WORDS)
    assert found.items["a"][0][LIKENESSES.index("rouge1")] == 1


def test_without_an_encoder_or_embeddings_a_measure_is_undefined_and_says_why() -> None:
    found = score({"a": ["x", "y", ""]}, REFERENCES, embed=None, encoder=None, wordnet=WORDS)
    assert math.isnan(found.mean("a", "bertscore_f1"))
    assert math.isnan(found.mean("a", "cosine"))
    assert not math.isnan(found.mean("a", "rouge1"))
    assert [note.partition(" ")[0] for note in found.notes] == ["BERTScore", "The"]
    assert "models pull minilm-l6" in found.notes[0]


def test_what_is_undefined_is_so_for_who_said_nothing_too() -> None:
    found = score({"a": ["", "", ""]}, REFERENCES, embed=None, encoder=None, wordnet=WORDS)
    assert math.isnan(found.mean("a", "bertscore_f1"))
    assert math.isnan(found.mean("a", "cosine"))
    assert found.mean("a", "rouge1") == 0


def test_a_folder_that_is_no_encoder_is_told_and_the_rest_measured(tmp_path: Path) -> None:
    found = score({"a": ["x", "y", "z"]}, REFERENCES, embed=embed, encoder=tmp_path, wordnet=WORDS)
    assert math.isnan(found.mean("a", "bertscore_f1"))
    assert str(tmp_path) in found.notes[0]


def test_labels_written_without_spaces_leave_word_measures_undefined() -> None:
    found = score({"a": ["修理", "y", "z"]}, REFERENCES, embed=embed, encoder=None, wordnet=WORDS)
    assert math.isnan(found.mean("a", "rouge1"))
    assert math.isnan(found.absolute("a"))


def test_spread_is_over_items() -> None:
    found = score({"a": ["pride in mending", "", "y"]}, REFERENCES, embed=None, encoder=None, wordnet=WORDS)
    assert found.spread("a", "rouge1") == pytest.approx(math.sqrt(1 / 3))
    assert math.isnan(score({"a": ["x"]}, [["y"]], embed=None, encoder=None, wordnet=WORDS).spread("a", "rouge1"))
