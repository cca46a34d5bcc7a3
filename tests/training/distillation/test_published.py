"""A classifier that a run is to go on with stays where it is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from intercoder.core.deductive_settings import Deduction, DeductiveCoderSettings
from intercoder.core.errors import InputError
from intercoder.core.protocols import Run
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.database import writing
from intercoder.stores.runs.deductions import create_deductive_run
from intercoder.stores.runs.run_classifiers import RunClassifier, write_classifiers
from intercoder.stores.runs.runs import set_status
from intercoder.stores.study_folder import StudyFolder
from intercoder.training.distillation.published import check_awaited
from tests.llms.classifiers.tiny_encoders import card, write_card
from tests.training.distillation.studies import REPAIR, make_book, make_study

ALONE = DeductiveCoderSettings(name="fast", model="classifier:repair")
CASCADE = DeductiveCoderSettings(name="fast", model="scripted:words", classifier="repair")
BOUND = CASCADE.model_copy(update={"confidence": 0.9})


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[StudyFolder]:
    folder = make_study(tmp_path / "study", 4)
    write_card(card("repair"), folder.classifiers / "repair")
    yield folder
    folder.close()


def begun(
    folder: StudyFolder, coder: DeductiveCoderSettings = ALONE, *, digest: str = "first", graph: str = "final"
) -> Run:
    """A run that began with a classifier of that digest."""
    study = folder.study.model_copy(update={"deductive": Deduction(coders=(coder,))})
    run = create_deductive_run(
        folder.engine, study, graph, make_book(folder, [REPAIR]), [REPAIR.id], Scope(unit="row")
    )
    kept = RunClassifier(coder=coder.name, prompt="classifier/repair", prompt_hash=digest)
    with writing(folder.engine) as connection:
        write_classifiers(connection, study.id, run.id, [kept])
    return run


def refused(folder: StudyFolder, **options: Any) -> InputError:
    with pytest.raises(InputError, match="is not done, and goes on with no other classifier") as caught:
        check_awaited(folder, folder.classifiers / "repair", **options)
    return caught.value


@pytest.mark.parametrize("status", ["running", "stopped", "waiting"])
def test_a_run_that_is_not_done_keeps_its_classifier(folder: StudyFolder, status: Any) -> None:
    run = begun(folder)
    set_status(folder.engine, folder.study.id, run.id, status)
    error = refused(folder)
    assert f"`{run.id}`" in error.message
    assert f"`intercoder resume {folder.argument} {run.id}`" in error.remedy
    assert "`--name`" in error.remedy


@pytest.mark.parametrize("status", ["done", "undone"])
def test_a_run_that_is_over_does_not(folder: StudyFolder, status: Any) -> None:
    run = begun(folder)
    set_status(folder.engine, folder.study.id, run.id, status)
    check_awaited(folder, folder.classifiers / "repair")


def test_nor_does_one_that_began_with_another(folder: StudyFolder) -> None:
    begun(folder, digest="second")
    begun(folder, ALONE.model_copy(update={"model": "classifier:other"}))
    create_deductive_run(
        folder.engine, folder.study, "final", make_book(folder, [REPAIR]), [REPAIR.id], Scope(unit="row")
    )
    check_awaited(folder, folder.classifiers / "repair")
    check_awaited(folder, folder.classifiers / "none")


def test_the_development_of_a_codebook_can_be_given_up(folder: StudyFolder) -> None:
    begun(folder, CASCADE, graph="codevelop")
    assert f"`intercoder run codevelop {folder.argument} --new` gives it up" in refused(folder).remedy


def test_another_bound_matters_to_runs_that_go_by_the_cards(folder: StudyFolder) -> None:
    for coder in (ALONE, BOUND):
        begun(folder, coder)
    check_awaited(folder, folder.classifiers / "repair", bound=True)
    begun(folder, CASCADE)
    refused(folder, bound=True)
