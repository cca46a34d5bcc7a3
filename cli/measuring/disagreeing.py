"""`disagreements` and `settle`: on what coders differ, and what a person makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intercoder.cli.studies.studies import JsonOption, StudyArgument

if TYPE_CHECKING:
    from intercoder.core.coding.settling import Settled
    from intercoder.evals.disagreements import Disagreement
    from intercoder.graphs.differing.disagreement_words import Told
    from intercoder.graphs.differing.disagreements import Disagreements
    from intercoder.stores.study_folder import StudyFolder

TEXT = 200
"""Characters of a segment in the list."""
NAME = 40

RunOption = Annotated[
    str, typer.Option("--run", help="Which run, or `people`; the latest that codes given codes by default.")
]


class Answer(StrEnum):
    """What a unit is settled on."""

    yes = "yes"
    no = "no"
    unsure = "unsure"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("disagreements")(disagreements)
    app.command("settle")(settle)


def disagreements(
    directory: StudyArgument,
    run: RunOption = "",
    code: Annotated[str, typer.Option("--code", help="Only units about this code, by label or id.")] = "",
    sample: Annotated[str, typer.Option("--sample", help="Only segments of this sample.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many to list.")] = 20,
    json: JsonOption = False,
) -> None:
    """List what coders differ on, people and models, the most informative first; settled ones come last.

    Example: `intercoder disagreements repair --code thrift -n 5`
    """
    from intercoder.cli.coding.running import open_quietly
    from intercoder.cli.output import print_json
    from intercoder.graphs.differing.disagreement_words import Words
    from intercoder.graphs.differing.disagreements import disagreeing_run, gather_disagreements
    from intercoder.stores.corpus.segments import segment_texts
    from intercoder.stores.database import reading

    folder = open_quietly(directory)
    chosen = disagreeing_run(folder, run)
    found = gather_disagreements(folder, chosen, sample=sample, code=_code(folder, run, code))
    some = found.units[:limit]
    with reading(folder.engine) as connection:
        texts = segment_texts(connection, folder.study.id, [one.segment_id for one in some])
    words = Words(found)
    if json:
        for one in some:
            print_json(_as_json(found, one, words.tell(one), texts))
        return
    _print(folder, found, [(one, words.tell(one), texts.get(one.segment_id, "")) for one in some])


def settle(
    directory: StudyArgument,
    segment: Annotated[str, typer.Argument(metavar="SEGMENT", help="Id of the segment, as the list has it.")],
    code: Annotated[str, typer.Argument(metavar="CODE", help="Label or id of the code.")],
    answer: Annotated[
        Answer | None, typer.Argument(metavar="[yes|no|unsure]", help="What is right; with --evidence not needed.")
    ] = None,
    note: Annotated[str, typer.Option("--note", help="Why. The reviser sees it, without your name.")] = "",
    evidence: Annotated[
        bool, typer.Option("--evidence", help="Send it to the reviser, from a sample of any run.")
    ] = False,
    back: Annotated[bool, typer.Option("--back", help="Take back what you said of it last.")] = False,
    anew: Annotated[bool, typer.Option("--anew", help="Also where somebody else settled it before.")] = False,
    run: RunOption = "",
    by: Annotated[str, typer.Option("--by", help="Who settles it; by default you.")] = "",
    json: JsonOption = False,
) -> None:
    """Settle what coders differ on, with a note, or send it to the reviser as evidence. Nothing is overwritten.

    Where codes exclude one another, or coders found codes of their own, CODE is the one that the segment gets.

    Example: `intercoder settle repair s_1f0c thrift yes --note "A price is named."`
    """
    from intercoder.cli.author import author_name
    from intercoder.cli.coding.running import open_quietly
    from intercoder.cli.output import print_json
    from intercoder.graphs.differing import settling
    from intercoder.graphs.differing.disagreements import disagreeing_run, settlements_of

    _check(answer, note, evidence=evidence, back=back)
    folder = open_quietly(directory)
    name = author_name(by, "--by")
    chosen = disagreeing_run(folder, run)
    unit = settling.find_unit(folder, chosen, segment, code)
    if back:
        step = settling.take_settlement_back(folder, unit, by=name)
    else:
        standing = settlements_of(folder).get(unit)
        step = settling.settle(
            folder,
            chosen,
            unit,
            answer.value if answer else "",
            note,
            by=name,
            label=code if answer is Answer.yes else "",
            evidence=True if evidence else None,
            seen=standing.number if anew and standing else None,
        )
    if json:
        print_json(step.model_dump())
        return
    _print_step(step, code)


def _check(answer: Answer | None, note: str, *, evidence: bool, back: bool) -> None:
    from intercoder.core.errors import InputError

    if back and (answer or note or evidence):
        raise InputError("this goes alone.", where="--back", remedy="Leave the answer, --note and --evidence out.")
    if not back and answer is None and not evidence:
        raise InputError(
            "nothing is said.", where="settle", remedy="Say yes, no or unsure, or send it with --evidence."
        )


def _code(folder: StudyFolder, run: str, name: str) -> str:
    """Id of the code that the list is narrowed to."""
    from intercoder.core.codebooks.code_names import CodeNames
    from intercoder.core.errors import InputError
    from intercoder.graphs.differing.disagreements import book_of, disagreeing_run

    if not name:
        return ""
    names = CodeNames(book_of(folder, disagreeing_run(folder, run)))
    found = names.find(name)
    if found is None:
        raise InputError(f"{name!r} is no code.", where="--code", remedy=names.unknown(name))
    return found.id


def _print(folder: StudyFolder, found: Disagreements, rows: list[tuple[Disagreement, Told, str]]) -> None:
    from intercoder.cli.output import print_table
    from intercoder.core.shown import counted, one_line

    def answers(told: Told) -> str:
        said = [f"{one_line(name, NAME)}: {one_line(value, NAME)}" for name, value in (*told.people, *told.coders)]
        again = [f"{one_line(name, NAME)} changed when asked again" for name in told.changed]
        return "\n".join([*said, *again, *([f"in the end: {one_line(told.final, NAME)}"] if told.final else [])])

    table = [
        (
            f"{one.segment_id}\n{_what(told, found.settled.get(one.unit))}",
            answers(told),
            one_line(text, TEXT),
        )
        for one, told, text in rows
    ]
    name = found.run_id or "People"
    if not table:
        print(f"{name}: nobody differs on {counted(found.compared, 'unit')} that two or more decided.")
        return
    print_table(("segment and code", "said", "text"), table)
    print(
        f"{name}: {counted(len(found.units), 'unit')} on which coders differ, {found.open_units:,} of them open; "
        f"two or more decided about {found.compared:,}."
    )
    print(f'Settle one: intercoder settle {folder.argument} SEGMENT CODE yes|no|unsure --note "why"')


def _what(told: Told, settled: Settled | None) -> str:
    from intercoder.core.shown import one_line

    lines = [one_line(told.code, NAME)] if told.code else []
    lines.append(f"between {told.conflict}" if told.conflict == "people and model" else f"among {told.conflict}")
    if told.conflict == "asked again":
        lines[-1] = "asked again"
    if settled is not None:
        lines.append(f"{one_line(settled.by, NAME)} {_done(settled)}")
    return "\n".join(lines)


def _done(settled: Settled) -> str:
    from intercoder.stores.people.settlements import told

    sent = ", sent to the reviser" if settled.evidence and settled.value else ""
    return f"{told(settled)}{sent}"


def _print_step(step: Settled, code: str) -> None:
    from intercoder.core.shown import one_line

    about = f"{step.segment_id}, {one_line(code, NAME)}"
    if step.is_open:
        print(f"{about}: open again; what was said before stays on record.")
        return
    print(f"{about}: {one_line(step.by, NAME)} {_done(step)}.")


def _as_json(found: Disagreements, one: Disagreement, told: Told, texts: Mapping[str, str]) -> dict[str, Any]:
    settled = found.settled.get(one.unit)
    return {
        "run": found.run_id,
        "segment_id": one.segment_id,
        "code_id": one.code_id,
        "code": told.code,
        "text": texts.get(one.segment_id, ""),
        "people": dict(told.people),
        "coders": dict(told.coders),
        "final": told.final,
        "changed": list(told.changed),
        "between": told.conflict,
        "entropy": one.entropy,
        "labels": one.labels,
        "settled": settled.model_dump() if settled else None,
    }
