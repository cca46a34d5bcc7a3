"""Themes group all codes, are proposed, and change the codebook only when somebody accepts them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from intercoder.core.errors import StudyError
from intercoder.graphs.jobs import begin_inductive, execute, unfinished
from intercoder.graphs.merging.merge_jobs import (
    accept_themes,
    begin_merge,
    begin_themes,
    proposed_themes,
    undo_merge,
    with_options,
)
from intercoder.graphs.merging.theming import theme_groups
from intercoder.stores.codebooks.counted_codebooks import latest_codebook
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.runs.export import export_run
from intercoder.stores.runs.runs import SqlStudyStore
from intercoder.stores.study_folder import StudyFolder


@pytest.fixture
def coded(study: StudyFolder) -> StudyFolder:
    """A study with a finished inductive run."""
    execute(study, lambda: begin_inductive(study, Scope()), lambda _: None)
    return study


def find(folder: StudyFolder) -> Any:
    result = execute(folder, lambda: begin_themes(folder, folder.study), lambda _: None)
    assert result is not None
    return result


@pytest.mark.parametrize("groups", [3, 5, 8])
def test_groups_that_are_there_are_found(groups: int) -> None:
    rng = np.random.default_rng(groups)
    centres = np.linalg.qr(rng.normal(size=(16, 16)))[0][:groups]
    members = [place % groups for place in range(groups * 6)]
    vectors = (centres[members] + 0.05 * rng.normal(size=(len(members), 16))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = theme_groups(vectors)
    assert sorted(found) == sorted(
        tuple(place for place, member in enumerate(members) if member == group) for group in range(groups)
    )


@pytest.mark.parametrize("count", [4, 5, 9, 40])
def test_every_code_is_in_one_of_three_to_twice_the_root_groups(count: int) -> None:
    vectors = np.random.default_rng(count).normal(size=(count, 8)).astype(np.float32)
    found = theme_groups(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    assert sorted(place for members in found for place in members) == list(range(count))
    assert 3 <= len(found) <= 2 * count**0.5


def test_codes_that_are_all_alike_are_one_group() -> None:
    assert theme_groups(np.ones((6, 4), dtype=np.float32) / 2) == [(0, 1, 2, 3, 4, 5)]


def test_a_proposal_names_every_theme_and_leaves_the_codebook_alone(coded: StudyFolder) -> None:
    before = latest_codebook(coded.engine, coded.study.id)
    result = find(coded)
    themes = proposed_themes(coded, result.run)
    assert all(theme.label and theme.definition and theme.answer_key for theme in themes)
    assert sorted(id_ for theme in themes for id_ in theme.code_ids) == sorted(code.id for code in before.codes)
    assert latest_codebook(coded.engine, coded.study.id) == before
    assert export_run(coded).id == "inductive-1"


def test_accepted_themes_are_the_upper_level_of_a_new_version(coded: StudyFolder) -> None:
    before = latest_codebook(coded.engine, coded.study.id)
    themes = proposed_themes(coded, find(coded).run)
    book = accept_themes(coded).codebook
    parents = {theme.id: theme for theme in themes}
    assert book.version == before.version + 1
    assert [code.id for code in book.codes] == [*parents, *(code.id for code in before.codes)]
    for code in book.codes[len(themes) :]:
        assert code.id in parents[code.parent].code_ids
        assert book.counts[code.id] == before.counts[code.id]
    assert all(book.counts[id_] >= 1 for id_ in parents)
    with pytest.raises(StudyError, match="the latest is 2"):
        accept_themes(coded)


def test_themes_are_found_anew_over_codes_not_over_themes(coded: StudyFolder) -> None:
    codes = {code.id for code in latest_codebook(coded.engine, coded.study.id).codes}
    find(coded)
    accept_themes(coded)
    again = proposed_themes(coded, find(coded).run)
    assert {id_ for theme in again for id_ in theme.code_ids} == codes
    book = accept_themes(coded).codebook
    assert len(book.codes) == len(codes) + len(again)


def test_themes_of_a_merged_codebook_stand_on_it(coded: StudyFolder) -> None:
    chosen = with_options(coded.study, stage=2, lower=0.5, upper=0.9)
    execute(coded, lambda: begin_merge(coded, chosen), lambda _: None)
    merged = latest_codebook(coded.engine, coded.study.id)
    find(coded)
    book = accept_themes(coded).codebook
    assert {code.id: book.counts[code.id] for code in merged.codes} == merged.counts
    with pytest.raises(StudyError, match="version 3 came after it"):
        undo_merge(coded, "merge-1")


def test_a_proposal_for_an_older_codebook_is_not_accepted(coded: StudyFolder) -> None:
    with pytest.raises(StudyError, match="no themes were proposed"):
        accept_themes(coded)
    find(coded)
    execute(coded, lambda: begin_merge(coded, with_options(coded.study, stage=1)), lambda _: None)
    with pytest.raises(StudyError, match="codebook version 1; the latest is 2"):
        accept_themes(coded)


def test_too_few_codes_have_no_themes(study: StudyFolder) -> None:
    execute(study, lambda: begin_inductive(study, Scope(limit=2)), lambda _: None)
    with pytest.raises(StudyError, match="themes need 4 or more"):
        begin_themes(study, study.study)


def test_a_stopped_search_is_resumed_and_asks_nothing_twice(coded: StudyFolder) -> None:
    calls: list[int] = []

    def impatient(event: Mapping[str, Any]) -> None:
        if event["kind"] == "progress":
            calls.append(event["calls"])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(coded, lambda: begin_themes(coded, coded.study), impatient)
    with pytest.raises(StudyError, match="is not finished"):
        accept_themes(coded)
    events: list[Mapping[str, Any]] = []
    result = execute(coded, lambda: unfinished(coded), events.append)
    assert result is not None
    more = [event["calls"] for event in events if event["kind"] == "progress"]
    themes = proposed_themes(coded, result.run)
    assert calls[-1] + (more[-1] if more else 0) == len(themes)
    assert SqlStudyStore(coded.engine, coded.study.id).run("themes-1").status == "done"


def test_a_theme_without_an_answer_keeps_a_codes_label(coded: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    from intercoder.llms.scripted import ScriptedChatModel

    def broken(self: Any, messages: Sequence[Any], schema: Any, seed: Any) -> str:
        return json.dumps({"label": ""})

    monkeypatch.setattr(ScriptedChatModel, "_reply", broken)
    result = find(coded)
    themes = proposed_themes(coded, result.run)
    labels = {code.label for code in result.codebook.codes}
    assert result.run.failures == len(themes)
    assert all(theme.status == "failed" and theme.label in labels for theme in themes)
