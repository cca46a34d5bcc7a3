"""The bundled interviews: their codings point at what they quote, and no worked example gives them away."""

import csv
from pathlib import Path

from intercoder.prompts import load

FOLDER = Path(__file__).parents[2] / "examples" / "interviews"
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.txt")}


def codings() -> list[dict[str, str]]:
    with (FOLDER / "codings.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_quotes_stand_where_the_offsets_say() -> None:
    rows = codings()
    assert set(rows[0]) == {"document", "start", "end", "quote", "coder", "code"}
    for row in rows:
        assert TEXTS[row["document"]][int(row["start"]) : int(row["end"])] == row["quote"]


def test_two_coders_agree_mostly_but_not_always() -> None:
    given = {(row["document"], row["start"], row["coder"]): row["code"] for row in codings()}
    coders = sorted({coder for _, _, coder in given})
    assert len(coders) == 2
    places = {key[:2] for key in given if all((*key[:2], coder) in given for coder in coders)}
    same = sum(given[(*place, coders[0])] == given[(*place, coders[1])] for place in places)
    assert 0.6 < same / len(places) < 0.9


def test_every_line_is_a_speakers_turn_and_some_say_nothing() -> None:
    turns = [line.partition(": ") for text in TEXTS.values() for line in text.splitlines()]
    assert len(TEXTS) == 3
    assert 55 <= len(turns) <= 65
    assert all(speaker and colon and words for speaker, colon, words in turns)
    assert {"Okay.", "Right."} <= {words for _, _, words in turns}


def test_worked_examples_are_about_something_else() -> None:
    said = " ".join(TEXTS.values()).lower()
    for agent, name, shots in (("coder", "expert_angle", 5), ("moderator", "default", 2)):
        for example in load(agent, name, shots=shots).examples:
            assert not any(word in example.text.lower() for word in ("repair", "mend", "broken", "fix"))
            assert example.text.lower() not in said
