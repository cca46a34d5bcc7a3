"""Before a coding sheet is written: is the sample the one that was asked for, and is the place free?"""

from __future__ import annotations

from pathlib import Path

from intercoder.cli.output import typed
from intercoder.cli.studies.exporting import spare_the_study
from intercoder.core.errors import InputError
from intercoder.stores.corpus.enrichment import MARK
from intercoder.stores.corpus.named_samples import NamedSample, sampled_texts
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.study_folder import StudyFolder


def check_same(folder: StudyFolder, kept: NamedSample, scope: Scope, *, seed: int | None, enriched: bool) -> None:
    """Refuse to call a sample by a name under which another one was drawn.

    Only what is asked for is compared: a second person's sheet needs no more than the sample's name.

    Raises:
        InputError: Size, seed, stratum, unit or speakers differ; says how it was drawn.
    """
    differs = [
        scope.sample is not None and scope.sample != kept.size,
        seed is not None and seed != kept.seed,
        bool(scope.stratify) and scope.stratify != kept.stratify,
        enriched and not kept.stratify.startswith(MARK),
        scope.unit is not None and scope.unit != kept.unit,
        bool(scope.skip_speakers) and _speaks(folder, kept, scope.skip_speakers),
    ]
    if any(differs):
        raise InputError(
            f"the sample {kept.name!r} was drawn already: {described(kept)}.",
            where="sample",
            remedy="Leave these options out to write another sheet of it, or choose another name.",
        )


def described(kept: NamedSample) -> str:
    """How a sample was drawn, as a person would say it."""
    by = kept.stratify.removeprefix(MARK)
    enriched = f", evenly by the answers of {by}" if by != kept.stratify else ""
    stratified = f", stratified by {kept.stratify!r}" if kept.stratify and not enriched else ""
    return f"{kept.size:,} {kept.unit} segments of {kept.population:,}, seed {kept.seed}{stratified}{enriched}"


def free_sheet(folder: StudyFolder, file: Path, coder: str) -> Path:
    """The file, if a sheet may be written there for that coder.

    Raises:
        InputError: It is of another kind, belongs to the study or is there already, or the coder is a model's name.
    """
    settings = folder.study
    models = {one.name for one in settings.deductive.coders} | {one.name for one in settings.coders}
    models |= {one.name for one in settings.moderators} | {settings.deductive.moderator.name, "pattern"}
    if coder in models:
        raise InputError(
            f"{coder!r} is the name of a coder in study.toml.", where="--coder", remedy="Name the person otherwise."
        )
    if file.suffix.lower() not in (".csv", ".xlsx"):
        raise InputError("sheets end in .csv or .xlsx.", where=str(file), remedy="Name the file so.")
    spare_the_study(folder, file)
    if file.exists():
        raise InputError(
            "the file is there already, and somebody's codings may be in it.",
            where=str(file),
            remedy=f"Name another file with --to, or take this one away first: rm {typed(file)}",
        )
    return file


def _speaks(folder: StudyFolder, kept: NamedSample, speakers: tuple[str, ...]) -> bool:
    return any(segment.speaker in speakers for segment in sampled_texts(folder.engine, folder.study.id, kept, 0))
