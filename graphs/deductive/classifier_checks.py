"""Whether the classifiers that a study codes with are there, and know the codes as the codebook has them now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from intercoder.agents.classifier_coder import Origin, bound_note, classifier_origin
from intercoder.core.classifiers import ClassifierCard, classifier_folder, read_card
from intercoder.core.codebook import Code, Codebook
from intercoder.core.deductive_settings import DeductiveCoderSettings
from intercoder.core.errors import IntercoderError, ModelError, SettingsError, StudyError
from intercoder.core.protocols import Run
from intercoder.core.shown import listed
from intercoder.core.study import Study
from intercoder.llms.classifiers.classifiers import check_packages
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.database import reading, writing
from intercoder.stores.runs.decisions import prompts_asked
from intercoder.stores.runs.deductions import read_rounds
from intercoder.stores.runs.run_classifiers import RunClassifier, read_classifiers, write_classifiers
from intercoder.stores.study_folder import StudyFolder

BY_CLASSIFIER = "classifier/"
"""How the prompt begins that a classifier's decisions name (see `agents.classifier_coder.classifier_origin`)."""
_NAMED = 5


def classifier_problems(
    study: Study, classifiers: Path, book: Codebook, codes: Sequence[Code], graph: str
) -> Iterator[IntercoderError]:
    """Find what is wrong with the classifiers of a study's deductive coders, without loading any.

    Args:
        study: The settings to run with.
        classifiers: Folder in which they lie.
        book: The codebook that is coded with.
        codes: Those of its codes that are to be coded.
        graph: What is to be run: `codevelop`, `calibrate` or `final`.

    Yields:
        ModelError: A classifier is not there, cannot be read, or needs packages that are not installed.
        SettingsError: A classifier alone does not know a code, or is to code while the codebook is revised.
    """
    for coder in study.deductive.coders:
        if not coder.classifies:
            continue
        try:
            folder = classifier_folder(classifiers, coder.classifies)
            card = read_card(folder)
            check_packages(str(folder))
        except ModelError as error:
            yield error
            continue
        if not coder.asks:
            yield from _alone(coder, card, book, codes, graph)


def check_classifiers(study: Study, classifiers: Path, book: Codebook, codes: Sequence[Code], graph: str) -> None:
    """Refuse classifiers that a run would stumble over.

    Raises:
        ModelError, SettingsError: The first of `classifier_problems`.
    """
    for problem in classifier_problems(study, classifiers, book, codes, graph):
        raise problem


def bound_notes(study: Study, classifiers: Path) -> Iterator[str]:
    """What a person should know of the bounds below which language models decide, before a run.

    Args:
        study: The settings to run with.
        classifiers: Folder in which classifiers lie; those that cannot be read are `classifier_problems`.
    """
    for coder in study.deductive.coders:
        if coder.classifier and coder.confidence is None:
            with suppress(ModelError):
                card = read_card(classifier_folder(classifiers, coder.classifier))
                if note := bound_note(card, study.writer_model(coder)):
                    yield note


def are_as_they_were(folder: StudyFolder, study: Study, run: Run) -> bool:
    """Whether no classifier of a run was trained anew since it began, nor its bound changed.

    Of a run that decided something with classifiers that were not kept nobody can tell: they may be others.

    Args:
        folder: The study.
        study: Its settings, with the coders that the run began with.
        run: The run.
    """
    return not _changed(folder, study, run)


def settle_classifiers(folder: StudyFolder, study: Study, run: Run) -> None:
    """Keep what a run's classifiers are when it begins; refuse to go on with others.

    Raises:
        StudyError: So it is.
        ModelError, SettingsError: As `check_classifiers`.
    """
    if not run.deductive or not any(one.classifies for one in study.deductive.coders):
        return
    with reading(folder.engine) as connection:
        book = read_version(connection, folder.study.id, run.codebook_version)
        wanted = read_rounds(connection, folder.study.id, run.id)[-1].codes
    check_classifiers(study, folder.classifiers, book, [one for one in book.leaves if one.id in wanted], run.graph)
    if changed := _changed(folder, study, run):
        raise StudyError(
            f"the classifier was trained anew, or its bound changed, since `{run.id}` began, or nobody can tell.",
            where=f"deductive.coders: {changed[0]}",
            remedy=f"Begin anew: {_anew(folder, run)}.",
        )
    present = [_present(folder.classifiers, coder) for coder in study.deductive.coders if coder.classifies]
    with writing(folder.engine) as connection:
        write_classifiers(connection, folder.study.id, run.id, present)


def settled_origins(folder: StudyFolder, run: Run) -> dict[str, Origin]:
    """Coder -> what the decisions of its classifier name, as `settle_classifiers` kept it."""
    with reading(folder.engine) as connection:
        kept = read_classifiers(connection, folder.study.id, run.id)
    return {one.coder: Origin(one.prompt, one.prompt_hash) for one in kept}


def _changed(folder: StudyFolder, study: Study, run: Run) -> list[str]:
    """The coders whose classifiers are not, or may not be, those that a run began with."""
    classifying = [coder for coder in study.deductive.coders if coder.classifies]
    if not classifying:
        return []
    with reading(folder.engine) as connection:
        kept = {one.coder: one for one in read_classifiers(connection, folder.study.id, run.id)}
        if not kept and not prompts_asked(connection, folder.study.id, run.id):
            return []

    def same(coder: DeductiveCoderSettings) -> bool:
        try:
            return kept.get(coder.name) == _present(folder.classifiers, coder)
        except ModelError:
            return False

    return [coder.name for coder in classifying if not same(coder)]


def _present(classifiers: Path, coder: DeductiveCoderSettings) -> RunClassifier:
    """The classifier of a coder as it is now."""
    card = read_card(classifier_folder(classifiers, coder.classifies))
    bound = card.confidence if coder.confidence is None else coder.confidence
    origin = classifier_origin(card, bound if coder.classifier else None)
    return RunClassifier(
        coder=coder.name,
        prompt=origin.prompt,
        prompt_hash=origin.prompt_hash,
        learnt_documents=card.data.learnt_documents,
        learnt_texts=card.data.learnt_texts,
        learnt_groups=card.data.learnt_groups,
    )


def _anew(folder: StudyFolder, run: Run) -> str:
    """The command that begins a run like this one."""
    if run.graph == "codevelop":
        return f"`intercoder run codevelop {folder.argument} --new`"
    if run.graph == "calibrate":
        return f"`intercoder calibrate {folder.argument} --sample {run.sample}`"
    return f"`intercoder run final {folder.argument}` with the same options"


def _alone(
    coder: DeductiveCoderSettings, card: ClassifierCard, book: Codebook, codes: Sequence[Code], graph: str
) -> Iterator[IntercoderError]:
    """What a classifier cannot do without a language model behind it."""
    before = f'put a language model behind it: model = "...", classifier = "{card.name}"'
    where = f"deductive.coders: {coder.name}"
    if graph == "codevelop":
        yield SettingsError(
            f"the classifier {card.name} cannot follow a codebook that is being revised.",
            where=where,
            remedy=f"Develop the codebook with a language model, or {before}.",
        )
        return
    wanted = {code.id for code in codes}
    unknown = [code.label for code in card.unknown(book) if code.id in wanted]
    if unknown:
        more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
        yield SettingsError(
            f"the classifier {card.name} has not learnt these codes as codebook version {book.version} has them: "
            f"{listed([repr(label) for label in unknown[:_NAMED]])}{more}.",
            where=where,
            remedy=f"Distill it again with `intercoder distill`, or {before}.",
        )
