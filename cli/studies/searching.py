"""`search`: segments by text, code, coder, speaker and document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from intercoder.cli.studies.studies import JsonOption, StudyArgument

if TYPE_CHECKING:
    from intercoder.stores.corpus.pages import CorpusLine
    from intercoder.stores.corpus.search import CorpusSearch, Filters
    from intercoder.stores.corpus.text_index import CorpusIndex

LINE = 100
"""Characters of a text in the table."""
BEFORE = 20
"""Characters before what was found."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("search")(search)


def search(
    directory: StudyArgument,
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="Words, of which the beginning is enough; all are looked for.")
    ] = "",
    code: Annotated[str, typer.Option("--code", "-k", help="Only what this code was given to: label or id.")] = "",
    coder: Annotated[
        str, typer.Option("--coder", "-c", help="Only what this person or model coded, or gave the code to.")
    ] = "",
    speaker: Annotated[str, typer.Option("--speaker", help="Only what this speaker says.")] = "",
    document: Annotated[str, typer.Option("--document", "-d", help="Only this document, by its name.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many to print.")] = 20,
    json: JsonOption = False,
) -> None:
    """Find segments in the whole study.

    Example: `intercoder search repair "sewing machine" --code "having it repaired"`
    """
    from intercoder.cli.coding.running import open_quietly
    from intercoder.cli.output import print_json
    from intercoder.stores.corpus.named_filters import named_filters
    from intercoder.stores.corpus.search import CorpusSearch
    from intercoder.stores.corpus.text_index import corpus_index

    folder = open_quietly(directory)
    finder = CorpusSearch(folder, corpus_index(folder))
    filters = named_filters(finder, text=text, code=code, coder=coder, speaker=speaker, document=document)
    places = finder.find(filters)
    lines = finder.index.lines(places[:limit])
    if json:
        labels = _labels(finder, lines)
        for place, one in zip(places, lines, strict=False):
            print_json({"place": place + 1, **one._asdict(), "codes": labels.get(one.segment_id, [])})
    else:
        _print(finder.index, filters, lines, len(places))


def _labels(finder: CorpusSearch, lines: list[CorpusLine]) -> dict[str, list[str]]:
    label = {code.id: code.label for code in finder.codes()}
    given = finder.codes_of([one.segment_id for one in lines])
    return {segment_id: [label.get(code, code) for code in codes] for segment_id, codes in given.items()}


def _print(index: CorpusIndex, filters: Filters, lines: list[CorpusLine], found: int) -> None:
    from intercoder.cli.output import print_table
    from intercoder.core.shown import counted

    rows = [
        (one.document, one.ordinal + 1, one.speaker, _around(one.text, filters.text), one.segment_id)
        for one in lines
    ]
    if rows:
        print_table(["document", "no.", "speaker", "text", "segment"], rows, right=["no."])
    more = "" if found == len(lines) else f"; the first {len(lines)} are shown, more with --limit"
    print(f"{counted(found, 'segment')} of {index.count:,}{more}")


def _around(text: str, asked: str) -> str:
    """A piece of the text in which the first thing asked for stands."""
    from intercoder.core.shown import one_line
    from intercoder.core.texts.searched_text import find, pieces

    found = find(text, pieces(asked))
    start = max(found[0].start - BEFORE, 0) if found and found[0].start > LINE - BEFORE else 0
    return one_line(("…" if start else "") + text[start:], LINE)
