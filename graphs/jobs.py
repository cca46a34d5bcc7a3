"""Headless jobs on a study: begin, resume and retry an inductive run. The command line and the UI call these."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from intercoder.core.codebook import Codebook
from intercoder.core.errors import StudyError
from intercoder.core.protocols import Run
from intercoder.core.record import Record
from intercoder.core.study import Study
from intercoder.formats.codebook_files import to_yaml
from intercoder.graphs.context import make_context
from intercoder.graphs.inductive import build_inductive
from intercoder.llms.embeddings import CachedEmbedder, VectorCache
from intercoder.llms.factory import check_reference, embedder
from intercoder.llms.privacy import no_tracing
from intercoder.stores.answer_log import SqlAnswerLog
from intercoder.stores.codebooks import latest_codebook
from intercoder.stores.lease import Lease
from intercoder.stores.runs import SqlStudyStore, create_run, list_runs, set_status, start_round
from intercoder.stores.samples import Scope
from intercoder.stores.study_folder import StudyFolder
from intercoder.stores.vectors import SqlVectorCache

Event = dict[str, Any]
Listener = Callable[[Event], None]

SETTLED = ("coders", "moderators", "refinement", "coding", "question", "language", "embedding")
"""Settings that a run keeps from its beginning; the others may change while it is stopped."""


class JobResult(Record):
    """What a finished job leaves."""

    run: Run
    codebook: Codebook
    codebook_file: str


def check_models(study: Study) -> None:
    """Find out before anything begins whether all models of a study can be used.

    Raises:
        ModelError: A model is unknown, not pulled, or its endpoint is not allowed.
    """
    for reference in study.models:
        check_reference(reference, study.privacy, api_key_env=study.api_key_env)
    check_reference(study.embedding.model, study.privacy, use="embedding")


def begin_inductive(folder: StudyFolder, scope: Scope) -> Run:
    """Fix the segments of a new inductive run.

    Raises:
        ModelError: See `check_models`.
        InputError: The scope is empty or not clear.
    """
    check_models(folder.study)
    return create_run(folder.engine, folder.study, "inductive", scope)


def unfinished(folder: StudyFolder, run_id: str = "") -> Run:
    """The run to resume: the one named, or the latest that is not done.

    Raises:
        StudyError: There is none, or the one named is done.
    """
    runs = list_runs(folder.engine, folder.study.id)
    if run_id:
        run = SqlStudyStore(folder.engine, folder.study.id).run(run_id)
        if run.status == "done":
            raise StudyError(f"run `{run_id}` is done; there is nothing to resume.", remedy=_after(run, folder))
        return run
    waiting = [run for run in runs if run.status != "done"]
    if not waiting:
        raise StudyError(
            "there is no unfinished run.", remedy=f"Start one: `intercoder run inductive {folder.path}`."
        )
    return waiting[-1]


def begin_retry(folder: StudyFolder) -> Run | None:
    """Begin the next round of the latest finished run, if questions failed in it; None if none did.

    Raises:
        StudyError: No run is finished yet.
    """
    runs = list_runs(folder.engine, folder.study.id)
    done = [run for run in runs if run.status == "done"]
    if not done:
        raise StudyError("no run is finished yet.", remedy=f"Finish it first: `intercoder resume {folder.path}`.")
    check_models(folder.study)
    return start_round(folder.engine, folder.study.id, done[-1].id) if done[-1].failures else None


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
        listen({"kind": "begin", "run": run.id, "round": run.round, "done": run.position, "total": run.total})
        study = settings_of(folder, run, listen)
        check_models(study)
        set_status(folder.engine, study.id, run.id, "running")
        try:
            asyncio.run(_drive(folder, study, run, listen))
        except BaseException:
            set_status(folder.engine, study.id, run.id, "stopped")
            raise
        finished = SqlStudyStore(folder.engine, study.id).run(run.id)
        book = latest_codebook(folder.engine, study.id, finished.codebook_version)
        file = folder.path / "codebook.yaml"
        _write_whole(file, to_yaml(book))
    return JobResult(run=finished, codebook=book, codebook_file=str(file))


def settings_of(folder: StudyFolder, run: Run, listen: Listener) -> Study:
    """The settings a run goes on with: what shapes answers as it began, the rest as study.toml says now."""
    began = Study.model_validate_json(run.settings)
    changed = [name for name in SETTLED if getattr(began, name) != getattr(folder.study, name)]
    if changed:
        listen(
            {
                "kind": "note",
                "text": f"study.toml has changed since {run.id} began ({', '.join(changed)}); the run goes on with "
                "the settings it began with. Start a new run to use the new ones.",
            }
        )
    kept = {name: getattr(began, name) for name in SETTLED}
    return folder.study.model_copy(update=kept)


async def _drive(folder: StudyFolder, study: Study, run: Run, listen: Listener) -> None:
    log = SqlAnswerLog(folder.engine, study.id)
    cache: VectorCache = SqlVectorCache(folder.vectors, study.embedding.model)
    context = make_context(
        study,
        run,
        store=SqlStudyStore(folder.engine, study.id),
        log=log,
        memory=await asyncio.to_thread(folder.memory, run),
        embeddings=CachedEmbedder(embedder(study.embedding.model, privacy=study.privacy), cache),
        prompts=folder.prompts,
    )
    try:
        with no_tracing(study.privacy):
            async with AsyncSqliteSaver.from_conn_string(str(folder.checkpoints)) as saver:
                graph = build_inductive(saver)
                config: RunnableConfig = {"configurable": {"thread_id": f"{run.id}/{run.round}"}}
                stream = graph.astream({"run": run.id}, config, context=context, stream_mode="custom")
                async for event in stream:
                    listen(event)
    finally:
        await log.close()


def _after(run: Run, folder: StudyFolder) -> str:
    if run.failures:
        return f"{run.failures} answers failed; ask them again with `intercoder retry {folder.path}`."
    return f"See `intercoder codebook show {folder.path}`."


def _write_whole(file: Path, text: str) -> None:
    """Write a file so that a reader sees the old or the new content, never a part."""
    beside = file.with_name(f".{file.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)
