"""The codes after a revision as YAML that a person edits, and back. The form of a code is that of codebook.yaml."""

from __future__ import annotations

from collections.abc import Sequence

from intercoder.core.codebook import Code, Codebook
from intercoder.core.errors import InputError
from intercoder.core.revising.revision_edits import STRUCTURE, editable, edited_codes
from intercoder.core.revisions import FIELDS, Revision
from intercoder.formats.codebook_yaml import to_yaml
from intercoder.formats.codebook_yaml_reading import read_yaml

CODES = "codes:\n"


def form(revision: Revision, comments: Sequence[str] = ()) -> str:
    """The codes after a revision, with only those fields that an edit may change, and their labels.

    Args:
        revision: What was proposed.
        comments: Lines to stand above, each one line of printable characters.

    Raises:
        InputError: The revision leaves nothing to edit.
    """
    if not editable(revision) or revision.kind == "move":
        raise InputError(
            f"a revision of kind `{revision.kind}` cannot be edited.", remedy="Approve it, or reject it."
        )
    book = Codebook(version=0, codes=tuple(_shown(revision, code) for code in revision.after))
    _, _, codes = to_yaml(book).partition(f"\n{CODES}")
    return "".join([*(f"# {comment}\n" for comment in comments), CODES, codes])


def read_form(text: str, revision: Revision, source: str) -> tuple[Code, ...]:
    """The codes after a revision as a person left them in its form.

    Args:
        text: The form.
        revision: What was proposed.
        source: The file, for errors.

    Raises:
        InputError: It is no YAML, has an unknown key or a wrong value (with the line), or changes what the revision
            is not about; see `edited_codes`.
    """
    draft = read_yaml(text, source)
    if revision.kind in FIELDS:
        # What the form did not show stays as it is.
        codes = [
            code.model_copy(update={name: None for name in STRUCTURE[1:] if name not in code.places})
            for code in draft.codes
        ]
        draft = draft.model_copy(update={"codes": tuple(codes)})
    return edited_codes(revision, draft)


def _shown(revision: Revision, code: Code) -> Code:
    if revision.kind not in FIELDS:
        return code.model_copy(update={"parent": ""})
    fields = {name: getattr(code, name) for name in FIELDS[revision.kind]}
    return Code(**{"id": code.id, "label": code.label, **fields})
