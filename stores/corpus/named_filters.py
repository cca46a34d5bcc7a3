"""What of the corpus is asked for, in the names that people type."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TypeVar

from intercoder.core.codebooks.code_names import folded
from intercoder.core.errors import InputError
from intercoder.core.shown import one_line
from intercoder.stores.corpus.search import CorpusSearch, Filters

LISTED = 10
"""Names that an error lists."""
Meant = TypeVar("Meant")


def named_filters(
    search: CorpusSearch, *, text: str = "", code: str = "", coder: str = "", speaker: str = "", document: str = ""
) -> Filters:
    """Filters from names; what is empty is not asked for.

    Args:
        search: The study.
        text: Words.
        code: Label or id of a code.
        coder: Name of a person or a model.
        speaker: Name of a speaker.
        document: Name of a document.

    Raises:
        InputError: There is no such code, coder, speaker or document; says which come near, or which there are.
    """
    index = search.index
    found = Filters(text=text)
    if code:
        codes = search.codes()
        ids = {one.id for one in codes}
        labels = [(one.label, one.id) for one in codes]
        found = _with(found, code=code if code in ids else _meant(code, labels, "code"))
    if coder:
        readers = [(one.name, one.name) for one in search.readers()]
        found = _with(found, coder=_meant(coder, readers, "coder"))
    if speaker:
        speakers = [(one.name, one.name) for one in index.speakers()]
        found = _with(found, speaker=_meant(speaker, speakers, "speaker"))
    if document:
        documents = [(one.name, number) for number, one in enumerate(index.documents(0, index.document_count))]
        found = _with(found, document=_meant(document, documents, "document"))
    return found


def _with(filters: Filters, **named: object) -> Filters:
    return filters.model_copy(update=named)


def _meant(name: str, known: Sequence[tuple[str, Meant]], what: str) -> Meant:
    """What the name stands for; the first where several share it."""
    named = {folded(one): meant for one, meant in reversed(known)}
    if folded(name) in named:
        return named[folded(name)]
    names = list(dict.fromkeys(one_line(one, 60) for one, _ in known))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    some = ", ".join(names[:LISTED]) + (", ..." if len(names) > LISTED else "")
    remedy = f"Did you mean {close[0]!r}?" if close else f"There are: {some}." if names else "There are none."
    raise InputError(f"there is no {what} {one_line(name, 60)!r}.", remedy=remedy)
