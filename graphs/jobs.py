"""Headless jobs on a study: begin, resume, retry and execute runs. The command line and the UI call these."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, closing
from functools import partial
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.graph.state import CompiledStateGraph

from intercoder.core.codebook import Codebook
from intercoder.core.errors import StudyError
from intercoder.core.protocols import AnswerLog, Embedder, Run
from intercoder.core.record import Record
from intercoder.core.study import Study
from intercoder.graphs.checks import check_settings
from intercoder.graphs.codebook.codebook_export import write_codebook
from intercoder.graphs.context import make_context, make_merging_context, make_theming_context
from intercoder.graphs.deductive.classifier_checks import bound_notes, settle_classifiers, settled_origins
from intercoder.graphs.deductive.codevelopment import build_codevelopment
from intercoder.graphs.deductive.deductive import build_deductive
from intercoder.graphs.deductive.deductive_jobs import replays
from intercoder.graphs.deductive.teams import make_deductive_context, make_development_context
from intercoder.graphs.inductive.inductive import build_inductive
from intercoder.graphs.merging.merging import build_merging
from intercoder.graphs.merging.theming import build_theming
from intercoder.graphs.other_servers import alike
from intercoder.llms.embeddings import CachedEmbedder, VectorCache
from intercoder.llms.factory import embedder
from intercoder.llms.privacy import no_tracing
from intercoder.stores.answer_log import SqlAnswerLog
from intercoder.stores.checkpoints import checkpoints
from intercoder.stores.codebooks.concepts import SqlConceptStore
from intercoder.stores.codebooks.counted_codebooks import latest_codebook
from intercoder.stores.codebooks.development import SqlDevelopmentStore
from intercoder.stores.codebooks.themes import SqlThemeStore
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.database import remove_if_damaged, translated
from intercoder.stores.lease import Lease
from intercoder.stores.runs.deductions import SqlDeductiveStore, repeat_round
from intercoder.stores.runs.ensemble_counts import ensemble_counts
from intercoder.stores.runs.runs import (
    SqlStudyStore,
    add_seconds,
    create_run,
    list_runs,
    set_status,
    start_round,
)
from intercoder.stores.study_folder import StudyFolder
from intercoder.stores.vectors import SqlVectorCache

Event = dict[str, Any]
Listener = Callable[[Event], None]
Builder = Callable[[Any], CompiledStateGraph[Any, Any, Any, Any]]

SETTLED = {
    "inductive": ("coders", "moderators", "ensemble", "refinement", "coding", "question", "language", "embedding"),
    "merge": ("merging", "definer", "coders", "question", "language", "embedding"),
    "themes": ("themer", "refinement", "coders", "question", "language", "embedding"),
    "codevelop": ("deductive", "development", "reviser", "coders", "coding", "question", "language"),
    "calibrate": ("deductive", "coders", "coding", "question", "language"),
    "final": ("deductive", "coders", "coding", "question", "language"),
}
"""Settings that a run keeps from its beginning, by graph; the others may change while it is stopped."""
RETRIED = ("inductive", "codevelop", "calibrate", "final")
"""Graphs whose failed questions can be asked again in a round of their own."""
OPTIONS = ("merging", "definer", "themer", "development")
"""Settings that a command's options may set for one run, so that study.toml need not say the same."""


class JobResult(Record):
    """What a finished job leaves."""

    run: Run
    codebook: Codebook
    codebook_file: str
    notes: tuple[str, ...] = ()
    """What a person should know about it."""


def begin_inductive(folder: StudyFolder, scope: Scope) -> Run:
    """Fix the segments of a new inductive run.

    Raises:
        ModelError, SettingsError: See `check_settings`.
        InputError: The scope is empty or not clear.
    """
    check_settings(folder.study, folder.prompts)
    return create_run(folder.engine, folder.study, "inductive", scope)


def unfinished(folder: StudyFolder, run_id: str = "") -> Run:
    """The run to resume: the one named, or the latest that is not done.

    Raises:
        StudyError: There is none, or the one named is done.
    """
    runs = list_runs(folder.engine, folder.study.id)
    if run_id:
        run = SqlStudyStore(folder.engine, folder.study.id).run(run_id)
        if run.over:
            raise StudyError(
                f"run `{run_id}` is {run.status}; there is nothing to resume.", remedy=_after(run, folder)
            )
        return run
    waiting = [run for run in runs if not run.over]
    if not waiting:
        raise StudyError(
            "there is no unfinished run.", remedy=f"Start one: `intercoder run inductive {folder.argument}`."
        )
    return waiting[-1]


def begin_retry(folder: StudyFolder) -> Run | None:
    """Begin the next round of the latest finished coding run, if questions failed in it; None if none did.

    Raises:
        StudyError: No run is finished yet, or the latest waits for answers to its revisions.
        ModelError, SettingsError: See `check_settings`.
    """
    runs = [run for run in list_runs(folder.engine, folder.study.id) if run.graph in RETRIED]
    done = [run for run in runs if run.status == "done"]
    if not runs:
        raise StudyError(
            "the study has no run yet.", remedy=f"Start one: `intercoder run inductive {folder.argument}`."
        )
    if runs[-1].status == "waiting" and runs[-1].failures:
        raise StudyError(
            f"`{runs[-1].id}` waits for answers to its revisions, so its round is not asked again.",
            remedy="Begin anew, which asks only what failed, and withdraws revisions that nobody answered: "
            f"`intercoder run codevelop {folder.argument} --new`.",
        )
    if not done:
        raise StudyError(
            "no run is finished yet.", remedy=f"Finish it first: `intercoder resume {folder.argument}`."
        )
    run = done[-1]
    if not run.failures:
        return None
    check_settings(settings_of(folder, run, lambda _: None), folder.prompts, run.graph)
    begin = start_round if run.graph == "inductive" else repeat_round
    return begin(folder.engine, folder.study.id, run.id)


def execute(folder: StudyFolder, begin: Callable[[], Run | None], listen: Listener) -> JobResult | None:
    """Execute the run that `begin` gives until it is done. The study is leased from before it begins.

    The first event is `begin`. Stopping a run (Ctrl-C) keeps everything that was answered; see `unfinished`.

    Args:
        folder: The study.
        begin: Makes or finds the run, such as `lambda: begin_inductive(folder, scope)`; None for nothing to do.
        listen: Called with each event.

    Raises:
        StudyBusy: Another run is at work on the study.
        EndpointStopped: A model's endpoint answers nobody; the run can be resumed.
        KeyboardInterrupt: It was stopped; the run can be resumed.
    """
    with Lease(folder.engine, folder.study.id) as lease:
        run = begin()
        if run is None:
            return None
        lease.name(run.id)
        listen(
            {
                "kind": "begin",
                "run": run.id,
                "round": run.round,
                "done": run.position,
                "total": run.total,
                "unit": _unit(run),
            }
        )
        study = settings_of(folder, run, listen)
        check_settings(study, folder.prompts, run.graph)
        settle_classifiers(folder, study, run)
        if run.deductive:
            for note in bound_notes(study, folder.classifiers):
                listen({"kind": "note", "text": note})
        set_status(folder.engine, study.id, run.id, "running")
        began = time.monotonic()
        try:
            _run(_drive(folder, study, run, listen))
        except BaseException:
            set_status(folder.engine, study.id, run.id, "stopped")
            raise
        finally:
            add_seconds(folder.engine, study.id, run.id, time.monotonic() - began)
        finished = _settled(folder, run)
        return job_result(folder, finished, finished.codebook_version)


def _settled(folder: StudyFolder, run: Run) -> Run:
    """The run as it stands after its graph came to rest: done, or waiting for people's answers."""
    store = SqlStudyStore(folder.engine, folder.study.id)
    if not store.run(run.id).over:
        set_status(folder.engine, folder.study.id, run.id, "waiting")
    return store.run(run.id)


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end; where SIGTERM is to stop a job as Ctrl-C does, it cancels the work and lets it close first.

    Left to `default_int_handler`, the signal would break out of the loop wherever it is, and what the loop holds
    open would keep the process alive.

    Raises:
        KeyboardInterrupt: It was stopped.
    """
    stop = signal.getsignal(signal.SIGTERM)

    async def stoppable() -> None:
        task = asyncio.current_task()
        if stop is signal.default_int_handler and task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        await work

    try:
        asyncio.run(stoppable())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        if stop is signal.default_int_handler:
            signal.signal(signal.SIGTERM, stop)


def job_result(folder: StudyFolder, run: Run, version: int) -> JobResult:
    """What a run leaves: a codebook version. codebook.yaml is written anew with the newest one."""
    book = latest_codebook(folder.engine, folder.study.id, version)
    exported = write_codebook(folder)
    saved = ensemble_counts(folder.engine, folder.study.id, run)
    notes = tuple(note for note in (exported.note, str(saved or "")) if note)
    return JobResult(run=run, codebook=book, codebook_file=str(exported.file), notes=notes)


def _unit(run: Run) -> str:
    """What a run's progress counts. Until codes are grouped, nobody knows how many themes there will be."""
    grouped = "theme" if run.position else "code"
    return {"merge": "step", "themes": grouped}.get(run.graph, "segment")


def settings_of(folder: StudyFolder, run: Run, listen: Listener) -> Study:
    """The settings a run goes on with: what shapes answers as it began, the rest as study.toml says now."""
    began = Study.model_validate_json(run.settings)
    kept = {name: getattr(began, name) for name in SETTLED[run.graph]}
    # Servers of a model may come and go between two parts of a run.
    kept = {
        name: now if alike(value, now := getattr(folder.study, name)) else value for name, value in kept.items()
    }
    changed = [name for name, value in kept.items() if name not in OPTIONS and value != getattr(folder.study, name)]
    if changed:
        listen(
            {
                "kind": "note",
                "text": f"study.toml has changed since {run.id} began ({', '.join(changed)}); the run goes on with "
                "the settings it began with. Start a new run to use the new ones.",
            }
        )
    if run.graph == "inductive" and began.ensemble.dynamic:
        # Who is asked depends on where waves are cut.
        kept["limits"] = folder.study.limits.model_copy(update={"wave": began.limits.wave})
    return folder.study.model_copy(update=kept)


async def _drive(folder: StudyFolder, study: Study, run: Run, listen: Listener) -> None:
    with closing(SqlVectorCache(folder.vectors, study.embedding.model)) as vectors:
        await _drive_with(vectors, folder, study, run, listen)


async def _drive_with(vectors: VectorCache, folder: StudyFolder, study: Study, run: Run, listen: Listener) -> None:
    log = SqlAnswerLog(folder.engine, study.id)
    embeddings = CachedEmbedder(embedder(study.embedding.model, privacy=study.privacy), vectors)
    build, context = await asyncio.to_thread(_prepared, folder, study, run, log, embeddings)
    try:
        with no_tracing(study.privacy), translated(str(folder.checkpoints)):
            await asyncio.to_thread(remove_if_damaged, folder.checkpoints)
            async with checkpoints(folder.checkpoints) as saver:
                graph = build(saver)
                config: RunnableConfig = {"configurable": {"thread_id": f"{run.id}/{run.round}"}}
                stream = graph.astream({"run": run.id}, config, context=context, stream_mode="custom")
                async with aclosing(cast(AsyncGenerator[Event, None], stream)):
                    async for event in stream:
                        listen(event)
    finally:
        await log.close()


def _prepared(
    folder: StudyFolder, study: Study, run: Run, log: AnswerLog, embeddings: Embedder
) -> tuple[Builder, object]:
    """How to build the run's graph, and what the graph is given."""
    shared: dict[str, Any] = {"log": log, "embeddings": embeddings, "prompts": folder.prompts}
    if run.graph == "merge":
        concepts = SqlConceptStore(folder.engine, study.id)
        return build_merging, make_merging_context(study, run, store=concepts, **shared)
    if run.graph == "themes":
        themes = SqlThemeStore(folder.engine, study.id)
        return build_theming, make_theming_context(study, run, store=themes, **shared)
    if run.graph in ("codevelop", "calibrate", "final"):
        return _prepared_deductive(folder, study, run, log)
    store, memory = SqlStudyStore(folder.engine, study.id), folder.memory(run)
    return build_inductive, make_context(study, run, store=store, memory=memory, **shared)


def _prepared_deductive(folder: StudyFolder, study: Study, run: Run, log: AnswerLog) -> tuple[Builder, object]:
    shared: dict[str, Any] = {
        "log": log,
        "prompts": folder.prompts,
        "replays": partial(replays, folder),
        "classifiers": folder.classifiers,
        "origins": settled_origins(folder, run),
    }
    if run.graph == "codevelop":
        development = SqlDevelopmentStore(folder.engine, study.id)
        return build_codevelopment, make_development_context(study, run, store=development, **shared)
    store = SqlDeductiveStore(folder.engine, study.id)
    return build_deductive, make_deductive_context(study, run, store=store, **shared)


def _after(run: Run, folder: StudyFolder) -> str:
    if run.failures and run.graph in RETRIED:
        return f"{run.failures} answers failed; ask them again with `intercoder retry {folder.argument}`."
    return f"See `intercoder codebook show {folder.argument}`."
