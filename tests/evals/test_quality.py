"""Quality of codes: golden ROUGE and METEOR, the composite by hand, what is undefined, bad input."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from intercoder.core.errors import InputError, ModelError
from intercoder.evals.labels.wordnet import wordnet, wordnet_folder
from intercoder.evals.labels.words import words, written_without_spaces
from intercoder.evals.quality import (
    absolute,
    bertscore,
    components,
    composite,
    meteor,
    pairwise_cosine,
    pairwise_jsd,
    rouge,
    scores,
    select,
    validate,
)
from intercoder.llms.fetching import catalogue, pulling


class Lemma(NamedTuple):
    word: str

    def name(self) -> str:
        return self.word


class Synset(NamedTuple):
    members: tuple[str, ...]

    def lemmas(self) -> list[Lemma]:
        return [Lemma(word) for word in self.members]


class Synonyms:
    """As much of WordNet as METEOR needs."""

    def __init__(self, *groups: tuple[str, ...]) -> None:
        self._groups = groups

    def synsets(self, word: str) -> list[Synset]:
        return [Synset(group) for group in self._groups if word in group]


NONE = Synonyms()
DIRECTIONS = {"cold": (1.0, 0.0), "chilly": (0.8, 0.6), "warm": (0.0, 1.0), "hot weather": (-0.6, 0.8)}


def embed(texts: Sequence[str]) -> list[tuple[float, float]]:
    """Known directions; lengths are another's matter."""
    return [(3 * DIRECTIONS[text][0], 3 * DIRECTIONS[text][1]) for text in texts]


@pytest.fixture(scope="module")
def pulled() -> Path:
    """WordNet, pulled on first use."""
    pulling.pull("wordnet", report=print)
    return wordnet_folder()


@pytest.mark.shared
def test_golden_rouge(golden: Callable[[str], Any]) -> None:
    for case in golden("text.json")["cases"]:
        found = rouge(case["reference"], case["hypothesis"])
        for name, (_, _, f1) in case["rouge"].items():
            assert getattr(found, name) == pytest.approx(f1, abs=1e-6), case


@pytest.mark.shared
@pytest.mark.embedded
@pytest.mark.usefixtures("pulled")
def test_golden_meteor(golden: Callable[[str], Any]) -> None:
    text = golden("text.json")
    for case in text["cases"]:
        assert meteor(case["reference"], case["hypothesis"]) == pytest.approx(case["meteor"], abs=1e-6)
        assert meteor(case["hypothesis"], case["reference"]) == pytest.approx(case["meteor_swapped"], abs=1e-6)
    several = text["multi_reference"]
    assert meteor(several["references"], several["hypothesis"]) == pytest.approx(several["meteor"], abs=1e-6)


@pytest.mark.embedded
def test_wordnet_knows_synonyms_and_irregular_forms(pulled: Path) -> None:
    reader = wordnet(pulled)
    assert {"help", "aid", "assist"} <= {lemma.name() for s in reader.synsets("helping") for lemma in s.lemmas()}
    assert reader.synsets("children")[0].lemmas()[0].name() == "child"
    # The last noun of the files: their pieces are joined where its offset says.
    assert reader.synsets("zooplankton")[0].offset() > 0
    assert wordnet(pulled) is reader


def test_without_wordnet_the_error_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(catalogue.DIRECTORY_VARIABLE, str(tmp_path))
    with pytest.raises(ModelError) as caught:
        meteor("help students", "aid pupils")
    assert caught.value.remedy == "Run: intercoder models pull wordnet"
    assert wordnet_place(monkeypatch) == catalogue.models_directory() / "wordnet"


def wordnet_place(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where WordNet would be looked for."""
    with pytest.raises(ModelError) as caught:
        wordnet_folder()
    return Path(caught.value.where)


def test_wordnet_lies_where_models_are_pulled_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(catalogue.DIRECTORY_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert wordnet_place(monkeypatch) == catalogue.models_directory() / "wordnet"


def test_a_folder_that_is_not_wordnet_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"data\.adj") as caught:
        wordnet(tmp_path)
    assert caught.value.where == str(tmp_path)


def test_meteor_counts_synonyms_and_is_not_symmetric() -> None:
    thesaurus = Synonyms(("help", "aid"), ("student", "pupil"))  # nltk looks up stems
    assert meteor("help students learn", "aid pupils learn", wordnet=thesaurus) == pytest.approx(1 - 0.5 / 27)
    assert meteor("help students learn", "aid pupils learn", wordnet=NONE) < 0.4
    assert meteor("a b", "a b c d", wordnet=NONE) != meteor("a b c d", "a b", wordnet=NONE)
    assert meteor("a", "b", wordnet=NONE) == 0


def test_the_best_reference_counts() -> None:
    assert rouge(["no match", "lack of time"], "lack of time").rouge2 == 1
    assert meteor(["no match", "lack of time"], "lack of time", wordnet=NONE) == pytest.approx(1 - 0.5 / 27)
    with pytest.raises(InputError, match="no reference"):
        rouge([], "lack of time")


def test_words_of_any_alphabet_count() -> None:
    assert rouge("Вера в Бога", "вера в людей").rouge1 == pytest.approx(2 / 3)
    assert rouge("Präsenz im Chat", "Präzision im Chat").rouge1 == pytest.approx(2 / 3)
    assert rouge("cafe\u0301", "café").rouge1 == 1
    assert words("It's a re-use_case, हिन्दी!") == ["it", "s", "a", "re", "use", "case", "हिन्दी"]


@pytest.mark.parametrize("text", ["修理旧东西", "ありがとうと言う", "ซ่อมของเก่า", "ສ້ອມແປງ", "A: 旧东西修理"])
def test_scripts_without_spaces_need_a_tokenizer(text: str) -> None:
    assert written_without_spaces(text)
    assert all(math.isnan(value) for value in rouge(text, text).model_dump().values())
    assert rouge(text, text, tokenizer=list).rouge1 == 1
    assert math.isnan(meteor(text, text, wordnet=NONE))
    assert meteor(text, text, wordnet=NONE, tokenizer=list) > 0.9
    assert math.isnan(pairwise_jsd({"a": [text], "b": [text]}).loc["a", "b"])


@pytest.mark.parametrize(
    "text", ["", "lack of time", "수리하는 이유", "WeChat 群聊 usage in groups", "العربية", "עברית"]
)
def test_other_scripts_have_words(text: str) -> None:
    assert not written_without_spaces(text)


def test_a_reference_without_words_leaves_overlap_undefined() -> None:
    assert math.isnan(rouge("...", "lack of time").rouge1)
    assert rouge("lack of time", "...").rouge1 == 0
    assert math.isnan(meteor("", "lack of time", wordnet=NONE))
    assert meteor("lack of time", "", wordnet=NONE) == 0


SYSTEMS = {"first": ["chilly", "warm"], "second": ["hot weather", "hot weather"]}
REFERENCES = ["cold", ["warm", "hot weather"]]


def test_components_by_hand() -> None:
    found = components(SYSTEMS["first"], REFERENCES, embed=embed, wordnet=Synonyms(("cold", "chilli")))
    assert found.cosine == pytest.approx((0.8 + 1.0) / 2)
    assert found.meteor == pytest.approx(0.5)  # one word that matches: 1 - 0.5 / 1
    assert found.length == 1
    # chilly 1/2, warm 1/2 against cold, warm, hot, weather 1/4 each
    middle = {"chilly": 1 / 4, "warm": 3 / 8, "other": 1 / 8}
    expected = (
        (0.5 * math.log2(0.5 / middle["chilly"]) + 0.5 * math.log2(0.5 / middle["warm"]))
        + (0.25 * math.log2(0.25 / middle["warm"]) + 3 * 0.25 * math.log2(0.25 / middle["other"]))
    ) / 2
    assert found.jsd == pytest.approx(expected)


def test_the_composite_averages_what_was_scaled_over_the_systems() -> None:
    table = composite(SYSTEMS | {"third": ["cold", "warm"]}, REFERENCES, embed=embed, wordnet=NONE)
    assert list(table.columns) == ["cosine", "meteor", "length", "jsd", "composite"]
    assert list(table.index) == ["first", "second", "third"]
    assert table.loc["third", "composite"] == 1
    cosine, meteors, jsd = table["cosine"], table["meteor"], table["jsd"]
    by_hand = [
        (cosine["first"] - cosine.min()) / (cosine.max() - cosine.min()),
        (meteors["first"] - meteors.min()) / (meteors.max() - meteors.min()),
        1.0,  # the shortest
        (jsd.max() - jsd["first"]) / (jsd.max() - jsd.min()),
    ]
    assert table.loc["first", "composite"] == pytest.approx(sum(by_hand) / 4)


def test_where_all_systems_tie_each_has_a_half() -> None:
    table = composite({"a": ["cold"], "b": ["cold"]}, ["warm"], embed=embed, wordnet=NONE)
    assert table["composite"].tolist() == [0.5, 0.5]


@pytest.mark.parametrize("systems", [{}, {"only": ["cold", "warm"]}])
def test_a_composite_of_fewer_than_two_systems_is_refused(systems: dict[str, list[str]]) -> None:
    with pytest.raises(InputError, match="fewer than two") as caught:
        composite(systems, REFERENCES, embed=embed, wordnet=NONE)
    assert "absolute" in caught.value.remedy


def test_absolute_needs_no_other_system() -> None:
    found = components(["chilly", "warm"], REFERENCES, embed=embed, wordnet=NONE)
    expected = (found.cosine + found.meteor + 1 + 1 - found.jsd) / 4
    assert absolute(["chilly", "warm"], REFERENCES, embed=embed, wordnet=NONE) == pytest.approx(expected)
    # cosine -0.6 counts as 0; nothing shared; short
    assert absolute(["hot weather"], ["cold"], embed=embed, wordnet=NONE) == pytest.approx(1 / 4)


def test_an_undefined_component_leaves_the_composite_undefined() -> None:
    def same(texts: Sequence[str]) -> np.ndarray:
        return np.ones((len(texts), 2))

    systems = {"a": ["修理旧东西"], "b": ["lack of time"]}
    table = composite(systems, ["lack of time"], embed=same, wordnet=NONE)
    assert math.isnan(table.loc["a", "composite"])
    assert math.isnan(absolute(["修理旧东西"], ["修理"], embed=same, wordnet=NONE))


@pytest.mark.parametrize(
    ("labels", "says"),
    [(["cold"], "1 labels for 2 references"), (["cold", " "], "Item 1 has a blank"), ([], "0 labels")],
)
def test_labels_that_do_not_fit_the_references_are_named(labels: list[str], says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        composite({"good": ["cold", "warm"], "bad": labels}, REFERENCES, embed=embed, wordnet=NONE)
    assert caught.value.where == "system `bad`"


def test_pairs_of_systems() -> None:
    cosines = pairwise_cosine(SYSTEMS, embed=embed)
    assert cosines.loc["first", "second"] == cosines.loc["second", "first"] == pytest.approx((0 + 0.8) / 2)
    assert np.diag(cosines).tolist() == pytest.approx([1, 1])
    divergences = pairwise_jsd({"a": ["x y"], "b": ["x Y"], "c": ["z"]})
    assert divergences.loc["a", "b"] == 0
    assert divergences.loc["a", "c"] == pytest.approx(1)
    with pytest.raises(InputError, match="1 labels for 2"):
        pairwise_cosine(SYSTEMS | {"short": ["cold"]}, embed=embed)


def test_scores_without_an_encoder_leave_bertscore_undefined() -> None:
    table = scores({"a": ["cold", "Cold "], "b": ["hot weather", "warm"]}, ["cold", "warm"])
    assert table.loc["a", "rouge1"] == 0.5
    assert table.loc["a", "unique"] == 1
    assert table.loc["b", "length"] == 1.5
    assert table["bertscore_f1"].isna().all()


def test_the_best_by_mean_rank_are_selected() -> None:
    table = pd.DataFrame(
        {
            "BERTScore F1": [0.9, 0.8, 0.7, math.nan],
            "ROUGE-1": [0.1, 0.3, 0.2, 0.9],
            "ROUGE-2": [0.1, 0.3, 0.2, 0.0],
            "ROUGE-L": [0.3, 0.1, 0.2, 0.0],
            "length": [9, 1, 5, 1],
        },
        index=["a", "b", "c", "d"],
    )
    ranks = table.iloc[:, :4].rank(ascending=False, na_option="bottom").mean(axis=1)
    assert ranks.to_dict() == {"a": 2.25, "b": 2.0, "c": 2.5, "d": 3.25}
    assert select(table) == ["b", "a", "c"]
    assert select(table, k=1) == ["b"]
    assert select(table.iloc[[0, 0, 0]].set_axis(["x", "y", "z"]), k=2) == ["x", "y"]
    with pytest.raises(InputError, match="no column rouge2"):
        select(table.drop(columns="ROUGE-2"))
    with pytest.raises(InputError, match="At least one"):
        select(table, k=0)


def test_metrics_are_validated_against_ratings() -> None:
    metrics = pd.DataFrame({"composite": [1, 2, 3, 4, 5], "flat": [1] * 5}, index=list("abcde"))
    ratings = pd.Series([5.0, 3, 4, 1, 2], index=list("edcba"), name="clarity")  # other order of systems
    found = validate(metrics, ratings)
    # ranks 1 2 3 4 5 against 2 1 4 3 5
    assert found.rho.loc["composite", "clarity"] == pytest.approx(1 - 6 * 4 / (5 * 24))
    assert found.p.loc["composite", "clarity"] == pytest.approx(0.1041, abs=1e-4)
    assert math.isnan(found.rho.loc["flat", "clarity"])
    assert math.isnan(found.p.loc["flat", "clarity"])
    assert found.n.loc["composite", "clarity"] == 5
    with pytest.raises(InputError, match="different systems: e"):
        validate(metrics, ratings.drop("e"))
    with pytest.raises(InputError, match="`a` is there twice"):
        validate(metrics, pd.concat([ratings, ratings.loc[["a"]]]))


def test_two_systems_cannot_validate() -> None:
    found = validate(pd.DataFrame({"m": [1, 2]}, index=["a", "b"]), pd.Series([1.0, 2], index=["a", "b"]))
    assert math.isnan(found.rho.loc["m", "rating"])


def test_a_folder_without_an_encoder_is_named(tmp_path: Path) -> None:
    pytest.importorskip("bert_score")
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ModelError, match=r"no config\.json") as caught:
            bertscore(["warm"], ["cold"], model=folder)
        assert caught.value.where == str(folder)
    with pytest.raises(InputError, match="blank"):
        bertscore(["warm"], [""], model=tmp_path)


@pytest.mark.embedded
def test_bertscore_from_a_folder() -> None:
    pytest.importorskip("bert_score")
    pulling.pull("minilm-l6", report=print)
    folder = catalogue.model_path("minilm-l6")
    found = bertscore(
        ["purchase software", ["fear", "buy software"]], ["buy software", "buy software"], model=folder
    )
    near, same = found.items
    assert same == pytest.approx((1, 1, 1), abs=1e-5)
    assert 0.8 < near.f1 < 0.99
    assert found.f1 == pytest.approx((near.f1 + 1) / 2, abs=1e-5)
    assert bertscore(["the weather"], ["buy software"], model=folder).f1 < near.f1 - 0.2
    assert found.layers == 6
    with pytest.raises(InputError, match="6 layers"):
        bertscore(["a"], ["b"], model=folder, layers=7)
