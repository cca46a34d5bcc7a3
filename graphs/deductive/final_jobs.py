"""The final coding: which codes may be given, and beginning the run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache, partial

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.codebook_diff import affected
from intercoder.core.coding.deduction import FINAL
from intercoder.core.errors import InputError, StudyError
from intercoder.core.protocols import Run
from intercoder.graphs.checks import check_settings
from intercoder.graphs.deductive.asked_alike import would_ask_alike
from intercoder.graphs.deductive.classifier_checks import check_classifiers
from intercoder.graphs.deductive.deductive_jobs import named_code, reads_segments
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.codebooks.current_book import current_book
from intercoder.stores.codebooks.verdicts import Override, latest_verdicts
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.database import reading
from intercoder.stores.runs.deductions import create_deductive_run, read_rounds
from intercoder.stores.runs.runs import get_run, list_runs
from intercoder.stores.study_folder import StudyFolder

READY = "ready"


class NotReady(StudyError):
    """Calibration has not found the codes ready that the final coding needs."""


def begin_final(
    folder: StudyFolder, scope: Scope, overrides: Mapping[str, str] | None = None, author: str = ""
) -> Run:
    """Begin the final coding with the codes that are ready, and those that a person lets in.

    One of the same segments, codes, codebook version and settings is gone on with, or left as it is if it is over.

    Args:
        folder: The study.
        scope: All segments, or a sample of them.
        overrides: Label or id of a code that is not ready -> why it is coded all the same.
        author: Who says so.

    Raises:
        NotReady: No code may be coded, or an exclusive book has one that may not.
        InputError: An override names no code, or one that needs none.
        ModelError, SettingsError: See `check_settings`.
    """
    book, codes, let_in = final_codes(folder, overrides or {}, author)
    check_settings(folder.study, folder.prompts, "final")
    check_classifiers(folder.study, folder.classifiers, book, codes, "final")
    wanted = [code.id for code in codes]
    for run in reversed(list_runs(folder.engine, folder.study.id)):
        if run.graph == "final" and _same_work(folder, run, book, wanted, scope):
            return run
    return create_deductive_run(folder.engine, folder.study, "final", book, wanted, scope, let_in)


def final_codes(
    folder: StudyFolder, overrides: Mapping[str, str], author: str
) -> tuple[Codebook, list[Code], list[Override]]:
    """The codebook, the codes that the final coding may give, and what a person let in.

    Raises:
        NotReady, StudyError, InputError: As `begin_final`.
    """
    book = current_book(folder)
    verdicts = readiness(folder, book)
    let_in = _overridden(book, verdicts, overrides, author)
    allowed = {code.id for code in book.leaves if verdicts[code.id] == READY} | {one.code_id for one in let_in}
    codes = [code for code in book.leaves if code.id in allowed]
    left = [code for code in book.leaves if code.id not in allowed]
    if not codes or (book.exclusive and left):
        raise NotReady(_not_ready(book, left, verdicts), remedy=_remedy(folder, left))
    return book, codes, let_in


def readiness(folder: StudyFolder, book: Codebook) -> dict[str, str]:
    """Code id -> `ready`, `revise`, `not shown`, `changed since` its calibration, or empty where there was none.

    Codes that a pattern finds are ready: they are exact. A code has changed since where coders were shown something
    else, or where other models, other settings or other prompts code now.

    Raises:
        SettingsError: A prompt is not there any more, or not usable.
    """
    latest = latest_verdicts(folder.engine, folder.study.id, FINAL)
    changed = cache(partial(_changed_since, folder, book))

    def verdict(code: Code) -> str:
        if code.kind == "pattern":
            return READY
        found = latest.get(code.id)
        if found is None:
            return ""
        return "changed since" if code.id in changed(found.run) else found.verdict

    return {code.id: verdict(code) for code in book.leaves}


def _changed_since(folder: StudyFolder, book: Codebook, calibration: str) -> frozenset[str]:
    """Ids of the codes of which a calibration run says nothing any more."""
    with reading(folder.engine) as connection:
        run = get_run(connection, folder.study.id, calibration)
        calibrated = read_version(connection, folder.study.id, run.codebook_version)
    if not would_ask_alike(folder, run):
        return frozenset(code.id for code in book.leaves)
    return frozenset(affected(calibrated, book))


def _same_work(folder: StudyFolder, run: Run, book: Codebook, codes: Sequence[str], scope: Scope) -> bool:
    if run.codebook_version != book.version or not would_ask_alike(folder, run):
        return False
    with reading(folder.engine) as connection:
        rounds = read_rounds(connection, folder.study.id, run.id)
    return list(rounds[-1].codes) == list(codes) and reads_segments(folder, run, scope)


def _overridden(
    book: Codebook, verdicts: Mapping[str, str], overrides: Mapping[str, str], author: str
) -> list[Override]:
    found = []
    for name, note in overrides.items():
        code = named_code(book, name, "--override")
        if verdicts[code.id] == READY:
            raise InputError(
                f"the code {code.label!r} is ready; it needs no override.",
                where="--override",
                remedy="Leave it out.",
            )
        found.append(Override(code_id=code.id, verdict=verdicts[code.id], note=note, by=author))
    return found


def _not_ready(book: Codebook, left: Sequence[Code], verdicts: Mapping[str, str]) -> str:
    told = ", ".join(f"{code.label} ({verdicts[code.id] or 'not calibrated'})" for code in left[:12])
    more = f" and {len(left) - 12} more" if len(left) > 12 else ""
    if book.exclusive:
        return f"the codes exclude one another, so all must be ready; these are not: {told}{more}."
    return f"no code is ready for final coding: {told}{more}."


def _remedy(folder: StudyFolder, left: Sequence[Code]) -> str:
    return (
        f"Calibrate first: `intercoder calibrate {folder.argument}`; or code one all the same with "
        f"`--override {json.dumps(left[0].label, ensure_ascii=False)} --note WHY`, which the report will show."
    )
