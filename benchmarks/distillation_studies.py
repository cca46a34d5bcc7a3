"""Studies of real coded texts for the distillation benchmark: made by the project's own import and stores.

`khan`: answers of students to 20 items (Frohn, Burleigh & Chen 2025, CC BY 4.0). Each item is a code, decided by
three scorers and only on the answers to it. `immigration`: sentences of British manifestos, judged by crowd coders
(Benoit et al. 2016, MIT), checks with feedback left out; `stance`: of those that most call immigration, for or
against it. A coder who judged a sentence twice has said what they said last. No label is in what is imported.
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from intercoder.cli.studies.importing import import_file
from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.given_answers import CodedSheet, HumanCoding, Place
from intercoder.core.texts.sampling import draw
from intercoder.formats.reader import ReadOptions
from intercoder.stores.codebooks.codebooks import read_version, reserve_version, write_version
from intercoder.stores.corpus.named_segments import locate
from intercoder.stores.database import reading, writing
from intercoder.stores.people.human_codings import write_codings
from intercoder.stores.study_folder import StudyFolder, create_study, open_study

DATA = Path(__file__).parents[2] / "shared" / "data"
"""Real texts beside the checkout; they are not part of the project."""
TABLE = "texts.csv"
YES_NO = {"0": "no", "1": "yes"}


class Text(NamedTuple):
    """A text under study."""

    key: str
    text: str
    group: str
    """Its item, or its manifesto."""


class Said(NamedTuple):
    """What one person decided."""

    coder: str
    key: str
    code_id: str
    value: str


class TextSet(NamedTuple):
    """Texts with what people decided about them."""

    name: str
    question: str
    codes: tuple[Code, ...]
    exclusive: bool
    texts: tuple[Text, ...]
    said: tuple[Said, ...]
    group: str
    """What texts are grouped by."""


def khan(folder: Path, items: int = 0) -> TextSet:
    """Students' answers, scored item by item; the first so many items, or all."""
    rows = _rows(folder / "khan_saq" / "items.csv")[: items or None]
    codes = tuple(
        Code(
            id=f"item_{row['item']}",
            label=f"right answer {row['item']}",
            definition=f"Question: {row['question']}\n\nWhat makes an answer right:\n{row['criteria_for_scoring']}",
        )
        for row in rows
    )
    wanted = {code.id for code in codes}
    responses = [one for one in _rows(folder / "khan_saq" / "responses.csv") if f"item_{one['item']}" in wanted]
    return TextSet(
        name="khan",
        question="Which answers of students to these short questions are right?",
        codes=codes,
        exclusive=False,
        texts=tuple(Text(one["response_id"], one["response"], one["item"]) for one in responses),
        said=tuple(
            Said(person, one["response_id"], f"item_{one['item']}", YES_NO[one[person]])
            for one in responses
            for person in ("human_1", "human_2", "human_3")
            if one[person] in YES_NO
        ),
        group="item",
    )


IMMIGRATION = Code(
    id="immigration",
    label="immigration",
    definition="The sentence is about immigration policy: who may come from abroad, and who may stay; "
    "asylum, border control, citizenship, how newcomers are to live with others, or that they should leave.",
    exclude=("Trade, tourism, foreign policy or minorities without a word on people who come to live here.",),
)
STANCES = (
    Code(
        id="pro",
        label="pro",
        definition="The sentence speaks for immigration or immigrants: to let people come or stay, to protect or "
        "welcome them, or that they do the country good.",
    ),
    Code(
        id="neutral",
        label="neutral",
        definition="The sentence is about immigration and speaks neither for nor against it.",
    ),
    Code(
        id="anti",
        label="anti",
        definition="The sentence speaks against immigration or immigrants: to let fewer people come, to control, "
        "remove or refuse them, or that they do the country harm.",
    ),
)


def immigration(folder: Path) -> TextSet:
    """Sentences of manifestos: about immigration or not."""
    judged = _judgments(folder)
    said = (
        Said(coder, key, IMMIGRATION.id, "yes" if row["code"] == "immigration" else "no")
        for (coder, key), row in judged.items()
    )
    return _sentences(folder, "immigration", (IMMIGRATION,), tuple(said))


def stance(folder: Path) -> TextSet:
    """Sentences that most coders call immigration: for or against it, by those who call it that."""
    judged = _judgments(folder)
    votes: dict[str, Counter[str]] = {}
    for (_, key), row in judged.items():
        votes.setdefault(key, Counter())[row["code"]] += 1
    about = {key for key, count in votes.items() if count["immigration"] > count["not_immigration"]}
    said = (
        Said(coder, key, row["stance"], "yes")
        for (coder, key), row in judged.items()
        if key in about and row["stance"]
    )
    return _sentences(folder, "stance", STANCES, tuple(said))


def _judgments(folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Coder and sentence -> the coder's last judgment, checks with feedback left out."""
    rows = _rows(folder / "uk_immigration_crowd" / "judgments.csv")
    kept = sorted((one for one in rows if one["is_test_item"] == "False"), key=lambda one: int(one["round"]))
    return {(one["coder"], one["sentence_id"]): one for one in kept}


def _sentences(folder: Path, name: str, codes: tuple[Code, ...], said: tuple[Said, ...]) -> TextSet:
    judged = {one.key for one in said}
    rows = _rows(folder / "uk_immigration_crowd" / "sentences.csv")
    return TextSet(
        name=name,
        question="What do British parties say about immigration in their manifestos of 2010?",
        codes=codes,
        exclusive=len(codes) > 1,
        texts=tuple(
            Text(one["sentence_id"], one["sentence_text"], one["manifesto"])
            for one in rows
            if one["sentence_id"] in judged
        ),
        said=said,
        group="manifesto",
    )


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def subset(texts: TextSet, size: int, seed: int = 0) -> TextSet:
    """So many of the texts, each way of being coded in proportion; all of them where there are fewer."""
    if not size or size >= len(texts.texts):
        return texts
    votes: dict[str, Counter[tuple[str, str]]] = {}
    for one in texts.said:
        votes.setdefault(one.key, Counter())[one.code_id, one.value] += 1
    strata = [str(votes[one.key].most_common(1)[0][0]) if one.key in votes else "" for one in texts.texts]
    places = draw([one.key for one in texts.texts], size, seed=seed, strata=strata)
    kept = tuple(texts.texts[place] for place in places)
    keys = {one.key for one in kept}
    return texts._replace(texts=kept, said=tuple(one for one in texts.said if one.key in keys))


def study_of(place: Path, texts: TextSet, settings: str) -> StudyFolder:
    """The study of a set: found at its place, or made there; it appears when all is in it."""
    if place.exists():
        return open_study(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{place.name}.", dir=place.parent) as work:
        made = Path(work) / "study"
        folder = create_study(made, settings)
        _fill(folder, texts)
        folder.close()
        shutil.move(made, place)
    return open_study(place)


def _fill(folder: StudyFolder, texts: TextSet) -> None:
    table = folder.path / TABLE
    with table.open("w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(("id", "text", texts.group))
        lines.writerows(texts.texts)
    import_file(folder, TABLE, table, "row", ReadOptions(text_column="text", id_column="id"))
    book = _keep_book(folder, texts)
    with reading(folder.engine) as connection:
        found = locate(connection, folder.study.id, [Place(key=one.key) for one in texts.texts]).segments
    segments = {place.key: ids[0] for place, ids in found.items()}
    codings = tuple(_codings(texts.said, segments, book))
    write_codings(folder.engine, folder.study.id, CodedSheet(codings=codings, memos=(), blank=()))


def _keep_book(folder: StudyFolder, texts: TextSet) -> Codebook:
    with writing(folder.engine) as connection:
        version = reserve_version(connection, folder.study.id, "", 1, author="benchmark")
        before = read_version(connection, folder.study.id, version - 1)
        settings = Codebook(version=0, exclusive=texts.exclusive)
        write_version(connection, folder.study.id, version, texts.codes, before, "benchmark", settings)
        return read_version(connection, folder.study.id, version)


def _codings(said: Sequence[Said], segments: Mapping[str, str], book: Codebook) -> Iterable[HumanCoding]:
    codes = {code.id: (place, code) for place, code in enumerate(book.codes)}
    for one in said:
        if one.key in segments:
            place, code = codes[one.code_id]
            yield HumanCoding.model_validate(
                {
                    "coder": one.coder,
                    "segment_id": segments[one.key],
                    "code_id": code.id,
                    "code_revision": code.revision,
                    "label": code.label,
                    "value": one.value,
                    "position": place,
                    "codebook_version": book.version,
                    "exclusive": book.exclusive,
                }
            )
