"""The codebook that a study codes with now."""

from __future__ import annotations

from intercoder.core.codebook import Codebook
from intercoder.core.errors import StudyError
from intercoder.stores.codebooks.revisions import newest
from intercoder.stores.database import reading
from intercoder.stores.study_folder import StudyFolder


def current_book(folder: StudyFolder) -> Codebook:
    """The codebook to code with: the latest version, without counts.

    Raises:
        StudyError: There is none.
    """
    with reading(folder.engine) as connection:
        book = newest(connection, folder.study.id)
    if not book.codes:
        raise StudyError(
            "the study has no codebook yet.",
            remedy=f"Bring one in: `intercoder codebook import {folder.argument} codebook.yaml`, or find codes "
            f"with `intercoder run inductive {folder.argument}`.",
        )
    return book
