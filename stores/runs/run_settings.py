"""What of a run's settings a person wants to see beside its progress."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.protocols import Run
from intercoder.core.shown import counted
from intercoder.core.study import Study
from intercoder.stores import schema


class Setting(NamedTuple):
    """A setting in words."""

    name: str
    value: str


def settings_that_matter(connection: Connection, study_id: str, run: Run, study: Study) -> tuple[Setting, ...]:
    """Models, codebook version, sample and thresholds of a run, as it began."""
    found = [Setting(name, model) for name, model in _models(study, run.graph)]
    if run.graph == "inductive" and study.ensemble.dynamic:
        asks = f"{study.asked_first.name} {study.ensemble.asks} times, the others where it is not sure"
        found.append(Setting("asked", asks))
    if run.graph == "inductive":
        found.append(Setting("new code below", f"likeness {study.refinement.tau:g}"))
        found.append(Setting("makes codebook", f"version {run.codebook_version}"))
    elif run.graph == "merge":
        distances = f"{study.merging.lower:g} to {study.merging.upper:g}"
        found.append(Setting("merges", f"{run.source}, up to stage {study.merging.stage}, distances {distances}"))
    elif run.graph == "themes":
        found.append(Setting("codebook", f"version {run.base_version}"))
    else:
        begun = f", begun with {run.base_version}" if run.base_version != run.codebook_version else ""
        found.append(Setting("codebook", f"version {run.codebook_version}{begun}"))
    if run.graph not in ("merge", "themes"):
        found.append(Setting("sample", _sample(connection, study_id, run)))
    found.append(Setting("at once", counted(study.limits.concurrency, "question")))
    return tuple(found)


def _models(study: Study, graph: str) -> list[tuple[str, str]]:
    if graph == "inductive":
        named = [(coder.name, coder.model) for coder in study.coders]
        return named + [(one.name, one.model or f"rule: {one.kind}") for one in study.moderators]
    if graph == "merge":
        asks = study.merging.stage > 2
        return [("definer", study.writer_model(study.definer))] if asks else []
    if graph == "themes":
        return [("themer", study.writer_model(study.themer))]
    coders = study.deductive.coders
    named = [(one.name, study.answered_by(one)) for one in coders]
    if len(coders) > 1:
        settings = study.deductive.moderator
        rule = f"rule: {settings.kind}"
        named.append((settings.name, study.writer_model(settings) if settings.kind == "llm" else rule))
    if graph == "codevelop":
        named.append(("reviser", study.writer_model(study.reviser)))
    return named


def _sample(connection: Connection, study_id: str, run: Run) -> str:
    table = schema.samples
    query = sa.select(table).where(table.c.study_id == study_id, table.c.sample == run.sample)
    row = connection.execute(query).one_or_none()
    if row is None:
        return counted(run.total, "segment")
    name = "" if row.sample == run.id else f"{row.sample}: "
    drawn = "" if row.seed is None else f" drawn from {row.population:,}, seed {row.seed}"
    strata = f", stratified by {row.stratify}" if row.stratify else ""
    return f"{name}{counted(row.size, row.unit)}{drawn}{strata}"
