"""`revisions`: look at what is proposed for the codebook, and answer it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from intercoder.cli.author import author_name
from intercoder.cli.studies.studies import JsonOption, StudyArgument

if TYPE_CHECKING:
    from intercoder.core.revisions import RecordedRevision
    from intercoder.stores.study_folder import StudyFolder


class Action(StrEnum):
    """What to do with revisions; without one they are listed."""

    show = "show"
    page = "page"
    approve = "approve"
    edit = "edit"
    reject = "reject"
    export = "export"


OPTIONS = {
    None: ("--all", "--json"),
    Action.show: ("--json",),
    Action.page: ("--json",),
    Action.approve: ("--note", "--by", "--json"),
    Action.reject: ("--note", "--by", "--json"),
    Action.edit: ("--text", "--file", "--note", "--by", "--json"),
    Action.export: ("--by",),
}
"""What may stand with each action."""
TAKES = {
    Action.show: "the number of a revision",
    Action.approve: "the numbers of one or more revisions",
    Action.reject: "the numbers of one or more revisions",
    Action.edit: "the number of a revision",
    Action.export: "the file to write, such as `answers.toml`",
}
SEVERAL = (Action.approve, Action.reject)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("revisions")(revisions)


def revisions(
    directory: StudyArgument,
    action: Annotated[
        Action | None, typer.Argument(metavar="ACTION", help="What to do; by default list those that wait.")
    ] = None,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NUMBER", help="Which ones; of `page` a code.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="List answered and dropped ones too.")] = False,
    note: Annotated[str, typer.Option("--note", help="Why, for the record.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who answers; by default you.")] = "",
    text: Annotated[
        str | None, typer.Option("--text", help="edit: the new label, definition, rule or example.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="edit: the codes after it as YAML, instead of an editor.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """List the proposed changes to the codebook, look at them, and answer them.

    Nothing changes in the codebook before a person approves it and `run codevelop` goes on; first answers stand.

    - `show NUMBER`: the change, the reason, and the passages it rests on
    - `page [CODE]`: what the latest round found out about a code
    - `approve NUMBER...`, `reject NUMBER...`: answer
    - `edit NUMBER`: approve it in other words: those of `--text`, or as you leave it in your `$EDITOR`
    - `export FILE`: write an answers file to fill in, for `run codevelop --answers FILE`

    Example: `intercoder revisions repair approve 3 --note "Clearer."`
    """
    from intercoder.cli.coding.running import open_quietly

    given = {
        "--all": everything,
        "--note": note,
        "--by": by,
        "--text": text is not None,
        "--file": file,
        "--json": json,
    }
    _check_options(action, [name for name, value in given.items() if value])
    _check_names(action, names or [])
    folder = open_quietly(directory)
    match action:
        case None:
            _list(folder, everything=everything, json=json)
        case Action.page:
            from intercoder.cli.codebooks.revision_pages import print_pages
            from intercoder.graphs.codebook.revision_views import development_pages

            print_pages(development_pages(folder, names or ()), json=json)
        case Action.show:
            from intercoder.cli.codebooks.revision_pages import print_revision

            print_revision(folder, _numbered(folder, (names or [])[0]), json=json)
        case Action.export:
            from intercoder.cli.codebooks.revision_answers import export

            export(folder, Path((names or [])[0]), author_name(by, "--by"))
        case Action.edit:
            from intercoder.cli.codebooks.revision_answers import edit

            one = _numbered(folder, (names or [])[0])
            edit(folder, one, text, file, by=author_name(by, "--by"), note=note, json=json)
        case Action.approve | Action.reject:
            from intercoder.cli.codebooks.revision_answers import answer

            _check_reason(action, note)
            numbers = [_number(name) for name in names or ()]
            said: Literal["approve", "reject"] = "approve" if action is Action.approve else "reject"
            answer(folder, numbers, said, by=author_name(by, "--by"), note=note, json=json)


def _list(folder: StudyFolder, *, everything: bool, json: bool) -> None:
    from intercoder.cli.codebooks.revision_lists import print_revisions
    from intercoder.stores.codebooks.revisions import recorded_revisions

    found = recorded_revisions(folder.engine, folder.study.id)
    print_revisions(folder, [one for one in found if everything or one.status == "waiting"], json=json)


def _check_reason(action: Action, note: str) -> None:
    from intercoder.core.errors import InputError

    if action is Action.reject and not note.strip():
        raise InputError(
            "a rejection needs a reason.",
            where="--note",
            remedy='Add `--note "why"`: the report shows it, and colleagues will ask.',
        )


def _check_options(action: Action | None, given: list[str]) -> None:
    from intercoder.core.errors import InputError

    wrong = [name for name in given if name not in OPTIONS[action]]
    if wrong:
        what = f"`{action.value}`" if action else "the list"
        raise InputError(
            f"this option does not go with {what}.",
            where=wrong[0],
            remedy=f"Options here: {', '.join(OPTIONS[action])}.",
        )


def _check_names(action: Action | None, names: list[str]) -> None:
    from intercoder.core.errors import InputError

    if action not in TAKES:
        return
    if not names or (len(names) > 1 and action not in SEVERAL):
        problem = "nothing is named" if not names else f"{len(names)} are named"
        raise InputError(
            f"{problem}; it takes {TAKES[action]}.",
            where=action.value,
            remedy=f"For instance `intercoder revisions STUDY {action.value} "
            f"{'answers.toml' if action is Action.export else '3'}`.",
        )


def _numbered(folder: StudyFolder, name: str) -> RecordedRevision:
    from intercoder.stores.codebooks.revisions import revision_numbered

    return revision_numbered(folder.engine, folder.study.id, _number(name))


def _number(name: str) -> int:
    from intercoder.core.errors import InputError

    if not (name.isascii() and name.isdecimal()) or len(name) > 9:
        raise InputError(
            f"{name!r} is no number of a revision.",
            where="NUMBER",
            remedy="See the numbers with `intercoder revisions STUDY`.",
        )
    return int(name)
