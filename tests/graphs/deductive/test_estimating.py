"""What a final run says of all texts, read as a stream: the same as from answers that are held in memory."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from intercoder.core.coding.deduction import CoderValues, final_of, values_of
from intercoder.core.protocols import Run
from intercoder.evals.final_estimates import FinalEstimates, final_estimates
from intercoder.graphs.deductive.estimating import estimates_of
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.codebooks.verdicts import write_verdicts
from intercoder.stores.corpus.named_samples import keep_sample
from intercoder.stores.corpus.samples import Drawn, Scope, choose
from intercoder.stores.database import reading
from intercoder.stores.people.human_codings import human_values, read_sample
from intercoder.stores.runs.deductions import is_moderated, standing
from intercoder.stores.runs.runs import get_run
from intercoder.stores.study_folder import StudyFolder
from tests.stores.conftest import SETTINGS
from tests.stores.runs.random_runs import CODES, coded_by_models, coded_by_people, fill
from tests.studies import new_study


class Nothing(BaseModel):
    """Stands for the numbers of a calibration."""


@pytest.fixture
def filled(tmp_path: Path) -> StudyFolder:
    folder = new_study(tmp_path / "study", SETTINGS)
    fill(folder)
    return folder


def calibrated(folder: StudyFolder, draw: random.Random, *, even: bool, **runs: Any) -> Run:
    """A calibration of all codes on half of the segments, about which people said something."""
    rows = draw.sample(choose(folder.engine, folder.study.id, Scope()), 20)
    weights = [1.0 if even else draw.choice((1.0, 3.0)) for _ in rows]
    keep_sample(folder.engine, folder.study.id, "cal", Scope(sample=20), Drawn(rows, 40, weights))
    run = coded_by_models(folder, draw, graph="calibrate", scope="cal", **runs)
    coded_by_people(folder, draw)
    with reading(folder.engine) as connection:
        book = read_version(connection, folder.study.id, run.codebook_version)
    found: dict[str, tuple[str, BaseModel]] = {code.id: ("ready", Nothing()) for code in CODES}
    write_verdicts(folder.engine, folder.study.id, run.id, "final", book.leaves, found)
    return run


def held(folder: StudyFolder, run: Run) -> CoderValues:
    """What stands in the end, from all decisions at once."""
    with reading(folder.engine) as connection:
        book = read_version(connection, folder.study.id, run.codebook_version)
        decisions = [one.decision for one in standing(connection, folder.study.id, run)]
    return final_of(values_of(book, decisions), moderated=is_moderated(run))


def plain(found: FinalEstimates) -> dict[str, Any]:
    """Where nan is like nan, and codes come in any order."""
    return found.model_dump(mode="json")


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_estimates_are_those_of_all_answers_at_once(filled: StudyFolder, seed: int, exclusive: bool) -> None:
    draw, study = random.Random(seed), filled.study.id
    runs: dict[str, Any] = {"coders": 1 + seed % 2, "exclusive": exclusive, "rounds": 1 + seed // 2}
    calibration = calibrated(filled, draw, even=seed % 3 == 0, **runs)
    scope = Scope() if seed % 2 else Scope(sample=30, seed=seed)
    final = coded_by_models(filled, draw, scope=scope, **runs)
    with reading(filled.engine) as connection:
        final = get_run(connection, study, final.id)
        book = read_version(connection, study, final.codebook_version)
    people = human_values(filled.engine, study, "cal", under=book)
    weights = read_sample(filled.engine, study, "cal").weights
    assert (weights is None) == (seed % 3 == 0)
    expected = final_estimates(
        held(filled, final),
        [code.id for code in CODES],
        population=40,
        people=people,
        model=held(filled, calibration),
        weights=weights,
    )
    assert plain(estimates_of(filled, final)) == plain(expected)
    assert any(one.corrected.n > 2 for one in expected.codes)


def test_without_a_calibration_shares_are_not_corrected(filled: StudyFolder) -> None:
    final = coded_by_models(filled, random.Random(1), coders=2, exclusive=False, rounds=1)
    coded_by_people(filled, random.Random(1))
    found = estimates_of(filled, final)
    assert plain(found) == plain(final_estimates(held(filled, final), [code.id for code in CODES], population=40))
    assert {one.corrected.n for one in found.codes} == {0}
