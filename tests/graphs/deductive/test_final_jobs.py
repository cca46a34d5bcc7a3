"""Which codes the final coding may give."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from intercoder.core.agent_settings import CoderSettings
from intercoder.core.codebook import Code, Codebook
from intercoder.core.errors import StudyError
from intercoder.core.revisions import BookSettings, Revision, revised
from intercoder.graphs.deductive.final_jobs import begin_final, readiness
from intercoder.graphs.jobs import execute
from intercoder.prompts.templates import find
from intercoder.stores.codebooks.revisions import revise_by_hand
from intercoder.stores.codebooks.verdicts import read_overrides, write_verdicts
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.runs.deductions import create_deductive_run
from intercoder.stores.runs.runs import list_runs
from intercoder.stores.study_folder import StudyFolder
from tests.graphs.conftest import SETTINGS, fill, lines
from tests.stores.codebooks.proposals import draft
from tests.studies import new_study

GROUP = Code(id="c_group", label="keeping", definition="Things are kept.")
MEND = Code(id="c_mend", label="mending", parent="c_group")
BUY = Code(id="c_buy", label="buying")


class Nothing(BaseModel):
    """Stands for the numbers of a calibration."""


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    """A study in which both codes were found ready."""
    folder = new_study(tmp_path / "study", SETTINGS)
    fill(folder, lines(4))
    book = draft(folder, (GROUP, MEND, BUY))
    codes = [code.id for code in book.leaves]
    run = create_deductive_run(folder.engine, folder.study, "calibrate", book, codes, Scope())
    found: dict[str, tuple[str, BaseModel]] = {code: ("ready", Nothing()) for code in codes}
    write_verdicts(folder.engine, folder.study.id, run.id, "final", book.leaves, found)
    return folder


def after(folder: StudyFolder, *revisions: Revision) -> Codebook:
    return revise_by_hand(folder.engine, folder.study.id, revisions, "ana")


def test_a_verdict_holds_while_coders_are_shown_the_same(folder: StudyFolder) -> None:
    book = after(folder, revised("definition", BUY, definition="Somebody pays."))
    assert readiness(folder, book) == {"c_mend": "ready", "c_buy": "changed since"}


def test_a_parent_that_means_something_else_changes_its_codes(folder: StudyFolder) -> None:
    book = after(folder, revised("definition", GROUP, definition="Things are used for long."))
    assert readiness(folder, book) == {"c_mend": "changed since", "c_buy": "ready"}


def test_another_kind_of_question_changes_all_codes(folder: StudyFolder) -> None:
    unsure = BookSettings(allow_unsure=True)
    book = after(folder, Revision(kind="settings", settings_before=BookSettings(), settings_after=unsure))
    assert set(readiness(folder, book).values()) == {"changed since"}


def test_another_model_was_not_calibrated(folder: StudyFolder) -> None:
    coders = (CoderSettings(name="first", model="scripted:flaky"), *folder.study.coders[1:])
    folder.study = folder.study.model_copy(update={"coders": coders})
    with pytest.raises(StudyError, match=r"mending \(changed since\), buying \(changed since\)"):
        begin_final(folder, Scope())


def test_a_prompt_that_was_changed_was_not_calibrated(folder: StudyFolder) -> None:
    (calibrated,) = list_runs(folder.engine, folder.study.id)
    execute(folder, lambda: calibrated, lambda _: None)
    own = folder.prompts / "shared" / "deductive_reminder.md"
    own.parent.mkdir(parents=True)
    own.write_text("Answer.")
    with pytest.raises(StudyError, match=r"mending \(changed since\), buying \(changed since\)"):
        begin_final(folder, Scope())
    own.write_text(find("shared/deductive_reminder.md", None).read_text())
    final = begin_final(folder, Scope())
    execute(folder, lambda: final, lambda _: None)
    assert begin_final(folder, Scope()).id == "final-1"
    own.write_text("Answer.")
    assert begin_final(folder, Scope(), {"mending": "So.", "buying": "So."}, "ana").id == "final-2"


def test_what_was_let_in_is_written_with_the_run_and_the_same_work_is_done_once(folder: StudyFolder) -> None:
    after(folder, revised("definition", BUY, definition="Somebody pays."))
    run = begin_final(folder, Scope(), {"buying": "It is clear."}, "ana")
    (let_in,) = read_overrides(folder.engine, folder.study.id, run.id)
    assert (let_in.code_id, let_in.verdict, let_in.note, let_in.by) == (
        "c_buy",
        "changed since",
        "It is clear.",
        "ana",
    )
    assert begin_final(folder, Scope(), {"buying": "It is clear."}, "ana").id == run.id
    assert begin_final(folder, Scope()).id != run.id
    assert [one.graph for one in list_runs(folder.engine, folder.study.id)] == ["calibrate", "final", "final"]
