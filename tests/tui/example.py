"""The bundled interviews as a study: a codebook, people's codings, a calibration, a round with revisions that wait.

Made by the real commands. What the coders answer stands in recorded.csv, and all times are one time, so that every
screen looks the same whenever and wherever it is made.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from intercoder.core.codebook import Codebook
from intercoder.core.decisions import Decision
from intercoder.core.revisions import Revision, revised, split
from intercoder.stores import schema
from intercoder.stores.codebooks.current_book import current_book
from intercoder.stores.codebooks.development import SqlDevelopmentStore
from intercoder.stores.database import writing
from intercoder.stores.runs.runs import list_runs, set_status
from intercoder.stores.study_folder import StudyFolder, open_study
from tests.cli.conftest import call

QUESTION = "How do people come to repair things instead of replacing them, and what gets in their way?"
RECORDED = Path(__file__).with_name("recorded.csv")
TIME = "2026-05-04T09:00:00Z"
SETTINGS = """
[[coders]]
name = "reader"
model = "scripted:words"
[[deductive.coders]]
name = "reader"
replay = "recorded.csv"
[[deductive.coders]]
name = "second"
replay = "recorded.csv"
[development]
sample = 100
repeat = false
rounds = 1
[calibration]
resamples = 200
fewest_positives = 4
[embedding]
model = "scripted:hashing"
"""
PEOPLE = {
    "ana": (
        r"myself|themselves|ourselves|together with|mend|sew",
        r"repairman|tailor|shoemaker|shop|somebody|volunteers",
        r"pound|cost|price|cheap|hours|weeks|money",
    ),
    "ben": (
        r"myself|themselves|ourselves|repairing|mend|sew|fix",
        r"repairman|tailor|shoemaker|volunteers",
        r"pound|cost|price|cheap|hours|weeks|money|time",
    ),
}
"""What each looks for in a text to give the three codes that people read for."""


def make_example(path: Path, examples: Path) -> StudyFolder:
    """Make the study in a new directory."""
    call("init", path, "--question", QUESTION)
    (path / "study.toml").write_text(f"question = {json.dumps(QUESTION)}\n{SETTINGS}", encoding="utf-8")
    shutil.copy(RECORDED, path / RECORDED.name)
    call("import", path, *sorted((examples / "interviews").glob("*.txt")), "--unit", "turn")
    call("codebook", "import", path, examples / "codebook.yaml", "--author", "ana")
    for person, words in PEOPLE.items():
        call("sample", path, "calibration", "-n", 40, "--coder", person)
        _code(path / "exports" / f"calibration-{person}.csv", words)
        call("import-coding", path, path / "exports" / f"calibration-{person}.csv")
    call("calibrate", path)
    call("run", "codevelop", path)
    folder = open_study(path)
    _propose(folder)
    _stop_the_clock(folder)
    return folder


def _code(sheet: Path, words: Sequence[str]) -> None:
    with sheet.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    columns = list(rows[0])
    codes = columns[columns.index("text") + 1 : columns.index("memo")]
    for row in rows:
        for code, pattern in zip(codes, words, strict=True):
            row[code] = "yes" if re.search(pattern, row["text"], re.IGNORECASE) else "no"
    with sheet.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _propose(folder: StudyFolder) -> None:
    """What a reviser might propose after the round, with evidence from it."""
    run = list_runs(folder.engine, folder.study.id)[-1]
    store = SqlDevelopmentStore(folder.engine, folder.study.id)
    with writing(folder.engine) as connection:  # what the scripted reviser said makes room
        connection.execute(sa.delete(schema.revisions).where(schema.revisions.c.run == run.id))
        connection.execute(
            sa.update(schema.run_rounds).where(schema.run_rounds.c.run == run.id).values(proposed=False)
        )
    proposals = _proposals(current_book(folder))
    evidence = store.evidence(run.id, list(dict.fromkeys(one.before[0].id for one, _ in proposals)))
    made: list[Revision] = [
        one.model_copy(
            update={
                "id": f"r_example_{place}",
                "run": run.id,
                "round": run.round,
                "base_version": run.codebook_version,
                "author": "reviser",
                "rationale": why,
                "evidence": _evidence(evidence[one.before[0].id], place),
            }
        )
        for place, (one, why) in enumerate(proposals)
    ]
    store.write_revisions(run.id, made, {})
    set_status(folder.engine, folder.study.id, run.id, "waiting")


def _stop_the_clock(folder: StudyFolder) -> None:
    with writing(folder.engine) as connection:
        for table in schema.metadata.sorted_tables:
            times = {column.name: TIME for column in table.columns if column.name.endswith("_at")}
            if times:
                connection.execute(sa.update(table).values(times))
        connection.execute(sa.update(schema.runs).values(seconds=84.0))


def _proposals(book: Codebook) -> list[tuple[Revision, str]]:
    codes = {code.label: code for code in book.codes}
    own, paid, cost = (codes[label] for label in ("repairing it themselves", "having it repaired", "what it costs"))
    return [
        (
            revised(
                "definition",
                own,
                definition="Somebody repairs or tries to repair a thing with their own hands, alone or with help.",
            ),
            "One coder says No where a repair was tried in vain; the definition speaks of repairs only.",
        ),
        (
            revised("exclude", own, exclude=(*own.exclude, "plans and wishes to repair something one day")),
            "Both coders gave the code to a person who only means to repair.",
        ),
        (
            revised("include", paid, include=(*paid.include, "repairs by volunteers of a repair café")),
            "It is not clear whether volunteers are somebody else; the coders read it in two ways.",
        ),
        (
            revised("rename", cost, label="cost in money or time"),
            "Coders overlook hours and weeks under this name.",
        ),
        (
            split(
                cost,
                [
                    ("price of a repair", "Money asked for a repair or a part."),
                    ("time and trouble", "Hours, waiting, effort."),
                ],
            ),
            "Money and time are named by different people and seldom together.",
        ),
    ]


def _evidence(decisions: Sequence[Decision], place: int) -> tuple[str, ...]:
    """Decisions of two segments on which something was said; other ones for each proposal."""
    by_segment: dict[str, list[str]] = {}
    for decision in decisions:
        by_segment.setdefault(decision.segment_id, []).append(decision.id)
    groups = list(by_segment.values())
    return tuple(one for group in groups[place * 2 : place * 2 + 3] for one in group)
