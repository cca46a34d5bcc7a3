"""`train lora` and `train merge`: adapters that code as people did."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from intercoder.cli.frames import CsvOption
from intercoder.cli.studies.studies import JsonOption
from intercoder.cli.training.lora_grid import (
    BasesOption,
    EndingsOption,
    GridOption,
    PromptsOption,
    named_grid,
    train_grid,
)
from intercoder.cli.training.selecting import INTERRUPTED, EndingChoice, SourceArgument

if TYPE_CHECKING:
    from intercoder.agents.means import Means
    from intercoder.core.agent_settings import Ending
    from intercoder.training.lora import Trained
    from intercoder.training.pairs import Dropped, Pairs

LISTED = 20
"""Dropped pairs that are shown one by one to people."""


def register(app: typer.Typer) -> None:
    """Add the commands to `train`."""
    app.command("lora")(lora)
    app.command("merge")(merge)


def lora(
    source: SourceArgument,
    base: Annotated[str, typer.Option("--base", "-b", help="The model to adapt: embedded:NAME or hf:PATH.")] = "",
    prompt: Annotated[str, typer.Option("--prompt", "-p", help="The prompt variant that it is to answer.")] = "",
    shots: Annotated[int, typer.Option(min=0, max=5, help="Worked examples in the prompt.")] = 0,
    ending: Annotated[str, typer.Option(help="How the instructions end: full_stop or line_break.")] = "full_stop",
    name: Annotated[str, typer.Option("--name", help="Name of the adapter; by default base and prompt.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="Folder that adapters go into; by default `adapters` in the study.")
    ] = None,
    settings: Annotated[
        Path | None, typer.Option("--settings", metavar="FILE.toml", help="Rank, learning rate and all else.")
    ] = None,
    given: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting; may be repeated.")
    ] = None,
    held_out: Annotated[
        float | None, typer.Option(min=0, max=0.9, help="Share of the documents that is measured on.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", "-s", min=0, help="Seed of split and training.")] = None,
    question: Annotated[str, typer.Option("--question", "-q", help="For FILE.jsonl: the research question.")] = "",
    new: Annotated[bool, typer.Option("--new", help="Train anew, whatever there is of that name.")] = False,
    grid: GridOption = None,
    bases: BasesOption = "",
    prompts: PromptsOption = "all",
    endings: EndingsOption = EndingChoice.both,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """Train a LoRA adapter on the codes that people gave. Stopped in the middle, the same command goes on.

    With --grid or --bases it trains one for each base, prompt and ending, measures them all on the documents that
    are held out, and prints a table.

    FILE.jsonl holds an object a line: `quote` and `code`, and if you have them `text`, `document`, `context` and
    `speaker`.

    Example: `intercoder train lora repair --base embedded:qwen2.5-coder-0.5b --prompt expert_angle`
    """
    from intercoder.cli.training.lora_progress import listener
    from intercoder.core.agent_settings import CoderSettings
    from intercoder.training.lora import train
    from intercoder.training.settings import read_settings

    words = [*(given or ()), *_words(held_out=held_out, seed=seed)]
    chosen = read_settings(settings, words)
    if grid is not None or bases:
        _check_crossed(base, prompt, name)
        train_grid(
            source,
            named_grid(grid, bases, prompts, endings, shots, chosen),
            question=question,
            out=out,
            new=new,
            json=json,
            csv=csv,
        )
        return
    _check_told(base, prompt)
    called = _checked_name(name) if name else _name(base, prompt, shots, ending)
    ends = _ending(ending)
    data = _open(source, base, question)
    coder = CoderSettings(name=called, model=base, prompt=prompt, shots=shots, ending=ends)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with listener(json=json) as listen:
            trained = train(
                data.pairs,
                chosen,
                coder=coder,
                means=data.means,
                max_codes=data.max_codes,
                out=(out or data.folder / "adapters") / called,
                new=new,
                listen=listen,
            )
    except KeyboardInterrupt:
        again = "Run the same command again without --new" if new else "Run the same command again"
        print(f"Stopped. {again} to go on from the last checkpoint.", file=sys.stderr)
        sys.exit(INTERRUPTED)
    _print_dropped(trained.dropped, json=json)
    inside = source.is_dir() and out is None
    _print_trained(trained, Path("adapters", called) if inside else trained.adapter.absolute(), json=json)


def _check_crossed(base: str, prompt: str, name: str) -> None:
    from intercoder.core.errors import InputError

    told = {"--base": (base, ", or use --bases"), "--prompt": (prompt, ", or use --prompts"), "--name": (name, "")}
    for option, (given, instead) in told.items():
        if given:
            raise InputError(
                "this is of a single adapter, and a grid has many.", where=option, remedy=f"Leave it out{instead}."
            )


def _check_told(base: str, prompt: str) -> None:
    from intercoder.core.errors import InputError

    for option, told in (("--base", base), ("--prompt", prompt)):
        if not told:
            raise InputError(
                f"an adapter needs its {option.removeprefix('--')}.",
                where=option,
                remedy="Name it; or name several with --bases, to compare what becomes of them.",
            )


class _Data(NamedTuple):
    pairs: Pairs
    means: Means
    max_codes: int
    folder: Path
    """In which `adapters` is made."""


def _open(source: Path, base: str, question: str) -> _Data:
    from intercoder.agents.means import Means
    from intercoder.cli.coding.running import open_quietly
    from intercoder.core.errors import InputError
    from intercoder.core.study import Privacy
    from intercoder.llms.privacy import quiet_environment
    from intercoder.training.pairs import load_pairs

    if source.is_dir():
        if question:
            raise InputError("a study has its question.", where="--question", remedy="Leave the option out.")
        folder = open_quietly(source)
        study = folder.study
        means = Means.of_study(study, base, prompts=folder.prompts)
        return _Data(load_pairs(source, folder), means, study.coding.max_codes, source)
    quiet_environment(Privacy())
    pairs = load_pairs(source)
    return _Data(pairs, Means(reference=base, question=question, secret=pairs.digest), 1, Path())


def _words(**options: float | None) -> list[str]:
    """Options as settings; what is not given is left to the file."""
    return [f"{name}={value}" for name, value in options.items() if value is not None]


def _ending(given: str) -> Ending:
    from intercoder.core.errors import InputError

    if given == "full_stop":
        return "full_stop"
    if given == "line_break":
        return "line_break"
    raise InputError(f"{given!r} is no ending.", where="--ending", remedy="Say full_stop or line_break.")


def _name(base: str, prompt: str, shots: int, ending: str) -> str:
    stem = base.rstrip("/").replace(":", "/").rpartition("/")[2]
    tail = f"-{prompt}{f'-{shots}' if shots else ''}{'-br' if ending == 'line_break' else ''}"
    return "".join(mark if mark.isalnum() or mark in "-_." else "-" for mark in stem[: 64 - len(tail)] + tail)[-64:]


def _checked_name(name: str) -> str:
    from intercoder.core.errors import InputError

    if len(name) > 64 or name.startswith(".") or not all(mark.isalnum() or mark in "-_.+" for mark in name):
        raise InputError(
            f"{name!r} cannot be a name.",
            where="--name",
            remedy="Use letters, digits, `-`, `_`, `.` and `+`, 64 at most.",
        )
    return name


def _print_dropped(dropped: Sequence[Dropped], *, json: bool) -> None:
    from intercoder.cli.output import print_json
    from intercoder.core.shown import counted, shown_safely

    if json:
        for one in dropped:
            print_json({"kind": "dropped", **one.model_dump()})
        return
    if dropped:
        print(f"{counted(len(dropped), 'pair')} dropped:", file=sys.stderr)
    for one in dropped[:LISTED]:
        detail = f" ({one.detail})" if one.detail else ""
        print(shown_safely(f"  {one.place}: {one.fault.replace('_', ' ')}{detail}"), file=sys.stderr)
    if len(dropped) > LISTED:
        print(f"  ... and {len(dropped) - LISTED:,} more; `--json` lists all.", file=sys.stderr)


def _print_trained(trained: Trained, placed: Path, *, json: bool) -> None:
    from intercoder.cli.output import print_json, typed
    from intercoder.core.shown import counted

    card = trained.card
    if json:
        told = {"adapter": str(trained.adapter), "known": trained.known, "card": card.model_dump(mode="json")}
        print_json({"kind": "trained", **told})
        return
    if trained.known:
        print("It was trained before on the same, in the same way; nothing was done.")
    print(f"{typed(trained.adapter)}: learnt from {counted(card.data.training, 'code')}, {card.steps:,} steps.")
    if card.losses.held_out_after is None:
        print("No document was held out, so how well it does on other texts was not measured.")
    else:
        print(
            f"Loss of a code's token on {counted(card.data.held_out, 'held-out code')}: "
            f"{card.losses.held_out_before:.3f} before, {card.losses.held_out_after:.3f} after."
        )
    print(f"Its card: {typed(trained.adapter / 'README.md')}. For study.toml:")
    for line in card.coder_lines(placed):
        print(f"  {line}")


def merge(
    reference: Annotated[str, typer.Argument(metavar="MODEL#ADAPTER", help="Such as embedded:NAME#path/to/it.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write; new.")],
) -> None:
    """Write a model with its adapter merged in, as an ordinary checkpoint for hf:OUT, vLLM and others.

    Example: `intercoder train merge "embedded:qwen2.5-coder-0.5b#repair/adapters/mine" merged`
    """
    from intercoder.cli.output import typed
    from intercoder.core.study import Privacy
    from intercoder.llms.privacy import quiet_environment
    from intercoder.training.merging import merge as merge_adapter

    quiet_environment(Privacy())
    merge_adapter(reference, out)
    print(f"{typed(out)}: use it as hf:{out.absolute()}")
