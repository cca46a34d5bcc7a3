"""A classifier's card on disk: for programs, and for people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from intercoder.core.classifier_results import Bounded, Evaluation
from intercoder.core.classifiers import CARD, README, ClassifierCard
from intercoder.core.shown import counted

_HEADS = {
    "yes_no": "whether a segment has the code",
    "one_of_k": "which one of the codes a segment has",
    "multi_label": "of each code whether a segment has it",
}
_LOSSES: Mapping[str, str] = {
    "first": "of the first step, weighted",
    "last": "of the last step, weighted",
    "before": "of the development part before learning, scaled",
    "after": "of the development part after learning, scaled",
    "unscaled": "of the development part as it runs, before its temperature",
    "scaled": "of the development part as it runs",
}


def write_card(card: ClassifierCard, folder: Path, evaluation: Evaluation | None = None) -> None:
    """Write the card in both forms, with what was measured in that for people; each file appears whole."""
    for name, text in ((CARD, card.model_dump_json(indent=1) + "\n"), (README, as_markdown(card, evaluation))):
        new = folder / f".{name}.new"
        new.write_text(text, encoding="utf-8")
        new.replace(folder / name)


def as_markdown(card: ClassifierCard, evaluation: Evaluation | None = None) -> str:
    """The card for people."""
    measured = _measured(evaluation) if evaluation else []
    parts = (_head(card), measured, _data(card), _reading(card), _learning(card), _settings(card))
    return "\n".join(line for part in parts for line in (*part, ""))


def _head(card: ClassifierCard) -> list[str]:
    data = card.data
    return [
        f"# {card.name}",
        "",
        f"A classifier that says {_HEADS[card.head]}. {_origin(card)}",
        "",
        "```toml",
        "[[deductive.coders]]",
        f'name = "{card.name}"',
        f'model = "classifier:{card.name}"',
        "```",
        "",
        f"Codes, as codebook version {data.book.version} ({data.book.hash}) shows them:",
        "",
        *(f"- {' '.join(label.split())} (`{code}`)" for code, label in card.labels.items()),
        "",
        "Its verdicts are not for this card to give: `intercoder calibrate` holds it against people, as any coder.",
    ]


def _origin(card: ClassifierCard) -> str:
    learnt = "people's codings" + (" and written segments" if card.data.synthetic else "")
    if card.kept_step:
        return f"`{card.encoder}`, fine-tuned on {learnt}."
    return f"`{card.encoder}` as it was, with a head for {learnt}: fine-tuning gained nothing."


def _measured(evaluation: Evaluation) -> list[str]:
    """Systems on the held-out part."""
    rows = [
        f"| {one.name} | {' | '.join(map(_told, (one.macro_f1, one.kappa, one.ac1)))} |"
        for one in evaluation.systems
    ]
    return [
        f"## On {counted(evaluation.parts.held_out, 'held-out segment')}",
        "",
        "Against what each person said, with 95% intervals.",
        "",
        "| system | macro-F1 | kappa | AC1 |",
        "|---|---|---|---|",
        *rows,
        "",
        *(f"- {note}" for note in evaluation.notes),
    ]


def _told(figure: Bounded) -> str:
    return f"{figure.value:.2f} ({figure.low:.2f} to {figure.high:.2f})"


def _data(card: ClassifierCard) -> list[str]:
    data = card.data
    written = f" by `{data.synthesizer}`" if data.synthesizer else ""
    at = f" at temperature {data.temperature:g}" if data.temperature is not None else ""
    return [
        "## Data",
        "",
        f"- learnt from {counted(data.human, 'segment')} that people coded, and {data.synthetic:,} "
        f"written{written}{at}",
        f"- chosen and scaled with {counted(data.development, 'segment')} that people coded",
        f"- kept to measure on: {counted(data.held_out, 'segment')}; split by {data.by}",
        f"- people: {', '.join(data.people) or 'not told'}; decisions left undecided: {data.undecided:,}",
        *([f"- filter: {counted(data.filter, 'repetition')} of the label"] if data.filter else []),
    ]


def _reading(card: ClassifierCard) -> list[str]:
    longer = "read in windows" if card.overlap >= 0 else "cut off"
    shifts = ", ".join(f"{one:.3f}" for one in card.shifts)
    return [
        "## Reading and answering",
        "",
        f"- reads {card.max_length} tokens at once; {card.truncated:.1%} of the segments that it learnt from and "
        f"was chosen with are longer, and were {longer}",
        f"- its probabilities are scaled by a temperature of {card.temperature:.3f}, fitted on "
        f"{counted(card.scaled_on, 'decision')}" + (f"; shifts {shifts}" if shifts else "")
        if card.scaled_on
        else "- its probabilities are not scaled",
        f"- before a language model, it decides where it is confident by {card.confidence:g} or more; "
        + (f"chosen for `{card.confidence_for}`" if card.confidence_for else "not chosen for any model"),
    ]


def _learning(card: ClassifierCard) -> list[str]:
    losses = [f"- loss {_LOSSES.get(name, name)}: {value:.4f}" for name, value in card.losses.items()]
    kept = f"step {card.kept_step}" if card.kept_step else "the weights that it began with"
    early = "; stopped early" if card.stopped == "early" else ""
    return [
        "## Learning",
        "",
        f"- {counted(card.steps, 'step')}, kept: {kept}{early}; {card.seconds:,.0f} s",
        f"- digest `{card.digest}`",
        *losses,
    ]


def _settings(card: ClassifierCard) -> list[str]:
    values = [f"- {name}: {value}" for name, value in card.settings.items()]
    versions = [f"- {name}: {found}" for name, found in card.versions.items()]
    return ["## Settings", "", *values, "", "## Versions", "", *versions]
