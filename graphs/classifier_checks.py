"""Whether the classifiers that a study codes with are there, and know the codes as the codebook has them now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from intercoder.agents.classifier_coder import classifier_origin
from intercoder.core.classifiers import ClassifierCard, classifier_folder, read_card
from intercoder.core.codebook import Code, Codebook
from intercoder.core.errors import IntercoderError, ModelError, SettingsError, StudyError
from intercoder.core.protocols import Run
from intercoder.core.shown import listed
from intercoder.core.study import DeductiveCoderSettings, Study
from intercoder.llms.classifiers import check_packages
from intercoder.stores.codebooks import read_version
from intercoder.stores.database import reading, writing
from intercoder.stores.deductions import read_rounds
from intercoder.stores.run_classifiers import RunClassifier, read_classifiers, write_classifiers
from intercoder.stores.study_folder import StudyFolder

BY_CLASSIFIER = "classifier/"
"""How the prompt begins that a classifier's decisions name (see `agents.classifier_coder.classifier_origin`)."""
_COMMANDS = {"codevelop": "run codevelop --new", "calibrate": "calibrate", "final": "run final"}
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


def are_as_they_were(folder: StudyFolder, study: Study, run: Run) -> bool:
    """Whether no classifier of a run was trained anew since it began, nor its bound changed.

    Args:
        folder: The study.
        study: Its settings, with the coders that the run began with.
        run: The run.
    """
    with reading(folder.engine) as connection:
        kept = read_classifiers(connection, folder.study.id, run.id)
    try:
        return not kept or kept == _present(folder.classifiers, study)
    except ModelError:
        return False


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
    if not are_as_they_were(folder, study, run):
        raise StudyError(
            f"a classifier was trained anew, or its bound changed, since `{run.id}` began.",
            remedy=f"Begin anew: `intercoder {_COMMANDS[run.graph]}`.",
        )
    with writing(folder.engine) as connection:
        write_classifiers(connection, folder.study.id, run.id, _present(folder.classifiers, study))


def _present(classifiers: Path, study: Study) -> list[RunClassifier]:
    """The classifiers of a study's coders as they are now, by coder."""
    found = []
    for coder in sorted(study.deductive.coders, key=lambda one: one.name):
        if not coder.classifies:
            continue
        card = read_card(classifier_folder(classifiers, coder.classifies))
        bound = card.confidence if coder.confidence is None else coder.confidence
        origin = classifier_origin(card, bound if coder.classifier else None)
        found.append(
            RunClassifier(
                coder=coder.name,
                prompt=origin.prompt,
                prompt_hash=origin.prompt_hash,
                learnt_documents=card.data.learnt_documents,
                learnt_texts=card.data.learnt_texts,
            )
        )
    return found


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
