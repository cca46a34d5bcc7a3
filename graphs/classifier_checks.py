"""Whether the classifiers that a study codes with are there, and know the codes as the codebook has them now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from intercoder.agents.classifier_coder import classifier_origin
from intercoder.core.classifiers import ClassifierCard, read_card
from intercoder.core.codebook import Code, Codebook
from intercoder.core.errors import IntercoderError, ModelError, SettingsError, StudyError
from intercoder.core.protocols import Run
from intercoder.core.shown import listed
from intercoder.core.study import DeductiveCoderSettings, Study
from intercoder.llms.classifiers import check_packages
from intercoder.stores.codebooks import read_version
from intercoder.stores.database import reading
from intercoder.stores.decisions import prompts_asked
from intercoder.stores.deductions import read_rounds
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
            card = read_card(classifiers / coder.classifies)
            check_packages(str(classifiers / coder.classifies))
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


def is_as_it_was(classifiers: Path, coder: DeductiveCoderSettings, prompt: str, prompt_hash: str) -> bool:
    """Whether a coder's classifier would name the same prompt now: it was not trained anew, nor its bound changed.

    Args:
        classifiers: Folder in which classifiers lie.
        coder: The coder as the settings have it now.
        prompt: What a decision of the classifier names as its prompt.
        prompt_hash: And as that prompt's hash.
    """
    try:
        card = read_card(classifiers / coder.classifies)
    except ModelError:
        return False
    bound = card.confidence if coder.confidence is None else coder.confidence
    origin = classifier_origin(card, bound if coder.classifier else None)
    return (prompt, prompt_hash) == (origin.prompt, origin.prompt_hash)


def check_begun(folder: StudyFolder, study: Study, run: Run) -> None:
    """Refuse to go on with a run of which a classifier that was trained anew since decided a part.

    Raises:
        StudyError: So it is.
        ModelError, SettingsError: As `check_classifiers`.
    """
    coders = {one.name: one for one in study.deductive.coders if one.classifies}
    if not run.deductive or not coders:
        return
    with reading(folder.engine) as connection:
        book = read_version(connection, folder.study.id, run.codebook_version)
        wanted = read_rounds(connection, folder.study.id, run.id)[-1].codes
        asked = prompts_asked(connection, folder.study.id, run.id)
    check_classifiers(study, folder.classifiers, book, [one for one in book.leaves if one.id in wanted], run.graph)
    for one in asked:
        if not one.prompt.startswith(BY_CLASSIFIER) or one.coder not in coders:
            continue
        if not is_as_it_was(folder.classifiers, coders[one.coder], one.prompt, one.prompt_hash):
            raise StudyError(
                f"the classifier {coders[one.coder].classifies} was trained anew since `{run.id}` began.",
                remedy=f"Begin anew: `intercoder {_COMMANDS[run.graph]}`.",
            )


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
