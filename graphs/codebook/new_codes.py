"""A code that a person makes while they code: an `add` revision of theirs, at once in the newest version."""

from __future__ import annotations

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.codebook_drafts import new_code_id
from intercoder.core.revisions import Revision
from intercoder.graphs.codebook.codebook_edits import latest_or_empty
from intercoder.graphs.codebook.codebook_export import write_codebook
from intercoder.stores.codebooks.revisions import revise_by_hand
from intercoder.stores.study_folder import StudyFolder


def add_code(folder: StudyFolder, label: str, definition: str, author: str) -> tuple[Codebook, Code]:
    """Add a code to the newest version; where there is none yet, make the first.

    Returns:
        The new version, and the code as it stands there. codebook.yaml is written too.

    Raises:
        InputError: The label is blank, or another code has it.
    """
    before = latest_or_empty(folder)
    taken = {code.id for code in before.codes}
    code = Code(id=new_code_id(label, taken), label=" ".join(label.split()), definition=definition.strip())
    book = revise_by_hand(folder.engine, folder.study.id, [Revision(kind="add", after=(code,))], author)
    write_codebook(folder)
    return book, book.code(code.id) or code
