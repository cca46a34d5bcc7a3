"""`train select`: which coders come nearest to what people coded."""

from __future__ import annotations

import math
import signal
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intercoder.cli.frames import CsvOption, Line, interval, print_lines
from intercoder.cli.studies.studies import JsonOption

if TYPE_CHECKING:
    from intercoder.core.agent_settings import CoderSettings, Ending
    from intercoder.stores.study_folder import StudyFolder
    from intercoder.training.candidates import Candidate
    from intercoder.training.development_items import DevelopmentItem
    from intercoder.training.selection import Ranked, Selection
    from intercoder.training.selection_source import Source
    from intercoder.training.trying import Tried


INTERRUPTED = 130


class EndingChoice(StrEnum):
    """How instructions end."""

    full_stop = "full_stop"
    line_break = "line_break"
    both = "both"


ENDINGS: dict[EndingChoice, tuple[Ending, ...]] = {
    EndingChoice.full_stop: ("full_stop",),
    EndingChoice.line_break: ("line_break",),
    EndingChoice.both: ("line_break", "full_stop"),
}

SourceArgument = Annotated[
    Path, typer.Argument(metavar="STUDY|FILE.jsonl", help="A study that people coded in, or quotes with codes.")
]


def register(app: typer.Typer) -> None:
    """Add the command to `train`."""
    app.command("select")(select)


def select(
    source: SourceArgument,
    model: Annotated[
        list[str] | None, typer.Option("--model", "-m", help="A model to try; by default those of the coders.")
    ] = None,
    adapter: Annotated[
        list[Path] | None, typer.Option("--adapter", "-a", help="A LoRA adapter to try; may be repeated.")
    ] = None,
    prompts: Annotated[
        str, typer.Option(help="Prompt variants, `a,b` or `all`; by default those of the coders.")
    ] = "",
    shots: Annotated[str, typer.Option(help="Numbers of worked examples to try: 0-5, or 0,2,4.")] = "0-5",
    endings: Annotated[EndingChoice, typer.Option(help="How the instructions end.")] = EndingChoice.full_stop,
    k: Annotated[int, typer.Option("--k", "-k", min=1, help="How many coders to keep.")] = 3,
    sample: Annotated[
        int | None, typer.Option("--sample", "-n", min=1, help="Items to draw; by default 100, or all.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, help="Seed of the draw.")] = 0,
    question: Annotated[str, typer.Option("--question", "-q", help="For FILE.jsonl: the research question.")] = "",
    log: Annotated[
        Path | None, typer.Option(help="For FILE.jsonl: where answers are kept; by default beside it.")
    ] = None,
    round_: Annotated[
        int, typer.Option("--round", min=1, help="2 asks again what got no usable answer in round 1; and so on.")
    ] = 1,
    bertscore: Annotated[
        Path | None,
        typer.Option("--bertscore", metavar="FOLDER", help="Encoder for BERTScore; else the study's embeddings."),
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Put the coders that are kept into study.toml.")] = False,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """Try coders on what people coded, and keep those that come nearest.

    Models zero-shot, with worked examples and with adapters code the same items. What was answered is kept: a
    selection that was stopped goes on when the command is run again.

    Example: `intercoder train select repair --shots 0-5 --prompts all`
    """
    from intercoder.cli.coding.progress import listener
    from intercoder.core.agent_settings import DEFAULT_MODEL
    from intercoder.training.development_items import draw_items, items_of
    from intercoder.training.selection_source import open_source
    from intercoder.training.trying_all import ask_all
    from intercoder.training.wanted_candidates import find_candidates

    found = open_source(source, question=question, model=(model or [DEFAULT_MODEL])[0], log=log)
    if write:
        _check_writable(found)
    asked = find_candidates(
        found,
        models=model or (),
        adapters=adapter or (),
        prompts=prompts,
        shots=shots,
        endings=ENDINGS[endings],
    )
    items = draw_items(items_of(found.pairs), sample, seed=seed, spared=asked.spared)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with listener(json=False) as show:
            tried = ask_all(found, asked.candidates, items, round_=round_, listen=show)
        selection = _measured(found, asked.candidates, items, tried, k, seed, bertscore)
    except KeyboardInterrupt:
        print("Stopped. What was answered is kept: run the same command again to go on.", file=sys.stderr)
        sys.exit(INTERRUPTED)
    _print(selection, json=json, csv=csv)
    _say([*asked.notes, *selection.notes])
    if write:
        _write(found, selection.coders)
    elif not json and not csv:
        _print_tables(found, selection.coders)


def _measured(
    source: Source,
    candidates: Sequence[Candidate],
    items: Sequence[DevelopmentItem],
    tried: Mapping[str, Tried],
    k: int,
    seed: int,
    bertscore: Path | None,
) -> Selection:
    """Hold what was said against people's codes; what cannot be measured here is undefined."""
    from intercoder.cli.measuring.evaluating import encoder_folder
    from intercoder.core.errors import ModelError
    from intercoder.training.selection import rank

    reference = source.study.embedding.model
    measure = partial(rank, candidates, items, tried, k, encoder=bertscore or encoder_folder(reference), seed=seed)
    try:
        with source.embeddings() as embed:
            embed([items[0].references[0]])
            return measure(embed=embed)
    except ModelError:
        return measure(embed=None)


def _print(selection: Selection, *, json: bool, csv: bool) -> None:
    if json or csv:
        print_lines([_line(one, selection.k) for one in selection.ranked], json=json, csv=csv)
        return
    print_lines((_ranking(one) for one in selection.ranked), title=f"Ranked on {selection.items} items")
    print_lines((_besides(one) for one in selection.ranked), title="Besides")


def _line(one: Ranked, k: int) -> Line:
    standing, coder = one.standing, one.candidate.coder
    return {
        "place": standing.place,
        "candidate": standing.name,
        "kept": "yes" if standing.place <= k else "no",
        "adaptation": one.adaptation,
        "model": coder.model,
        "prompt": coder.prompt,
        "shots": coder.shots,
        "ending": coder.ending,
        "mean_rank": standing.mean_rank,
        "chance_kept": standing.kept,
        **standing.means,
        **{f"{name}_low": value for name, value in standing.low.items()},
        **{f"{name}_high": value for name, value in standing.high.items()},
        "composite": one.composite,
        "length": one.words,
        "unique": one.unique,
        "empty": one.empty,
        "failures": one.failures,
        "seconds": one.seconds,
        "tokens": one.tokens,
    }


def _ranking(one: Ranked) -> Line:
    standing = one.standing
    return {
        "": standing.place,
        "candidate": standing.name,
        "adaptation": one.adaptation,
        "mean rank": standing.mean_rank,
        "stays": f"{standing.kept:.0%}",
        "BERTScore F1": standing.means["bertscore_f1"],
        "95%": interval(standing.low["bertscore_f1"], standing.high["bertscore_f1"]),
        "ROUGE-1": standing.means["rouge1"],
        "ROUGE-2": standing.means["rouge2"],
        "ROUGE-L": standing.means["rougeL"],
    }


def _besides(one: Ranked) -> Line:
    means = one.standing.means
    return {
        "": one.standing.place,
        "candidate": one.standing.name,
        "composite": one.composite,
        "cosine": means["cosine"],
        "METEOR": means["meteor"],
        "words": one.words,
        "unique": one.unique,
        "empty": one.empty,
        "failed": one.failures,
        "s/question": "" if math.isnan(one.seconds) else one.seconds,
        "tokens/item": round(one.tokens),
    }


def _say(notes: Sequence[str]) -> None:
    from intercoder.core.shown import shown_safely

    for note in notes:
        print(shown_safely(note), file=sys.stderr)


def _check_writable(source: Source) -> None:
    """Refuse before anything is asked what would be refused at the end.

    Raises:
        InputError: It is no study.
        StudyBusy: A run is going.
    """
    from intercoder.core.errors import InputError
    from intercoder.stores.lease import Lease

    if source.folder is None:
        raise InputError(
            "there is no study.toml to write to.",
            where="--write",
            remedy="Name a study, or leave the option out: the coders are printed then.",
        )
    with Lease(source.folder.engine, source.study.id, "select"):
        pass


def _write(source: Source, coders: Sequence[CoderSettings]) -> None:
    from intercoder.training.coder_tables import write_coders

    assert source.folder is not None
    for note in write_coders(source.folder, coders):
        print(note)
    print(f"Next: intercoder run inductive {source.folder.argument}")


def _print_tables(source: Source, coders: Sequence[CoderSettings]) -> None:
    from intercoder.training.coder_tables import coder_tables

    print("For study.toml, in place of its coders:\n" if source.folder is None else _paste(source.folder))
    print(coder_tables(coders, source.folder.path if source.folder else Path.cwd()))


def _paste(folder: StudyFolder) -> str:
    return f"For {folder.path / 'study.toml'}, in place of its coders (--write does that):\n"
