"""codebook.yaml of a study: an export of the latest version, for people and version control."""

from __future__ import annotations

import shlex

from intercoder.core.codebook import Codebook
from intercoder.formats.codebook_files import Exported, export_beside
from intercoder.stores.codebooks.counted_codebooks import latest_codebook
from intercoder.stores.study_folder import StudyFolder

NAME = "codebook.yaml"


def write_codebook(folder: StudyFolder, *, imported: str | None = None, layout: str | None = None) -> Exported:
    """Write the latest version to codebook.yaml, or beside it where the file has edits that would be lost.

    Args:
        folder: The study.
        imported: Content of codebook.yaml whose edits are in the latest version already.
        layout: YAML whose comments and layout it shall have in place of its own.

    Raises:
        StudyError: There is no codebook yet.
        InputError: The file cannot be written.
    """

    def versions(number: int | None) -> Codebook:
        return latest_codebook(folder.engine, folder.study.id, number)

    done = export_beside(folder.path / NAME, versions(None), versions, imported=imported, layout=layout)
    if not done.note:
        return done
    command = f"intercoder codebook import {folder.argument} {shlex.quote(str(folder.path / NAME))}"
    return done._replace(note=f"{done.note} Mend it if need be and import it: {command}")
