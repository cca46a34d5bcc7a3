"""What a person says to begin a run: the options of each graph, and the command that they come to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias, get_args

from pydantic import ValidationError

from intercoder.core.documents import Unit
from intercoder.core.errors import InputError, IntercoderError
from intercoder.core.record import Record
from intercoder.stores.corpus.named_samples import sample_names
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.database import reading
from intercoder.stores.study_folder import StudyFolder

Graph: TypeAlias = Literal["inductive", "codevelop", "calibrate", "final", "merge", "themes"]

USUAL_SAMPLE = "calibration"

GRAPHS: dict[Graph, str] = {
    "inductive": "Find codes in the texts.",
    "codevelop": "Try the codebook on a sample, and let the reviser propose changes.",
    "calibrate": "Hold the model against people's codings.",
    "final": "Code all segments, or a sample, with the codes that are ready.",
    "merge": "Merge labels that mean the same.",
    "themes": "Group like codes under themes.",
}
COMMANDS: dict[Graph, tuple[str, ...]] = {
    "inductive": ("run", "inductive"),
    "codevelop": ("run", "codevelop"),
    "calibrate": ("calibrate",),
    "final": ("run", "final"),
    "merge": ("merge",),
    "themes": ("themes",),
}


class Field(NamedTuple):
    """One option as a person fills it in; blank for what the hint says."""

    name: str
    label: str
    hint: str
    value: str = ""
    choices: tuple[str, ...] = ()
    """What there is to choose from, where that is known."""


class NewRun(Record):
    """A run that somebody wants. Nothing is checked against the study yet."""

    graph: Graph
    sample: int | None = None
    seed: int | None = None
    stratify: str = ""
    skip_speaker: tuple[str, ...] = ()
    limit: int | None = None
    unit: Unit | None = None
    new: bool = False
    named_sample: str = USUAL_SAMPLE
    override: tuple[str, ...] = ()
    note: str = ""
    by: str = ""
    run: str = ""
    stage: int | None = None
    lower: float | None = None
    upper: float | None = None
    model: str = ""

    @property
    def scope(self) -> Scope:
        """The segments it is to read."""
        return Scope(
            unit=self.unit,
            limit=self.limit,
            sample=self.sample,
            seed=self.seed or 0,
            stratify=self.stratify,
            skip_speakers=self.skip_speaker,
        )


class Command(NamedTuple):
    """What stands before and after the study on the command line."""

    arguments: tuple[str, ...]
    options: tuple[str, ...]


_SEED = Field("seed", "seed", "of the sample; 0")
_STRATIFY = Field("stratify", "stratify by", "an attribute, or speaker; none")
_SKIP = Field("skip_speaker", "skip speakers", "names with ; between; none")
_UNIT = Field("unit", "unit", "only where texts are cut in several ways", choices=get_args(Unit))
_MODEL = Field("model", "model", "that writes; as study.toml says")


def fields(folder: StudyFolder, graph: Graph) -> tuple[Field, ...]:
    """The options that matter for a graph."""
    if graph == "inductive":
        size = Field("sample", "sample", "so many at random; all segments")
        return size, _SEED, _STRATIFY, _SKIP, Field("limit", "limit", "only the first so many; no limit"), _UNIT
    if graph == "codevelop":
        usual = folder.study.development
        size = Field("sample", "sample", f"so many at random; {usual.sample}, as study.toml says")
        seed = _SEED._replace(hint=f"of the sample; {usual.seed}")
        anew = Field("new", "begin anew", "yes: though an earlier one is not finished; no")
        return size, seed, _STRATIFY, _SKIP, _UNIT, anew
    if graph == "calibrate":
        return (_named_sample(folder),)
    if graph == "final":
        size = Field("sample", "sample", "so many at random; all segments")
        override = Field("override", "override", "codes that are not ready, with ; between; none")
        return (
            size,
            _SEED,
            _STRATIFY,
            _SKIP,
            _UNIT,
            override,
            Field("note", "note", "why they are coded all the same"),
        )
    if graph == "merge":
        merging = folder.study.merging
        return (
            Field("run", "run", "whose labels; the latest inductive one"),
            Field("stage", "stage", f"the last one, 1 to 4; {merging.stage}"),
            Field("lower", "lower", f"distance up to which labels always merge; {merging.lower:g}"),
            Field("upper", "upper", f"beyond which they never do; {merging.upper:g}"),
            _MODEL,
        )
    return (_MODEL,)


def _named_sample(folder: StudyFolder) -> Field:
    """The sample to calibrate with; what stands there is one that exists."""
    with reading(folder.engine) as connection:
        names = tuple(sample_names(connection, folder.study.id))
    blank = not names or USUAL_SAMPLE in names
    return Field("named_sample", "sample", f"that people coded; {USUAL_SAMPLE}", "" if blank else names[0], names)


def told_in_form(folder: StudyFolder, graph: Graph, error: IntercoderError) -> tuple[str, str]:
    """The field that an error is about, empty where it is about none, and the error in words of the form.

    Options of the command line are named as the fields that stand for them.
    """
    there = fields(folder, graph)
    labels = {option_of(field): field.label for field in there}
    text = _OPTION.sub(
        lambda found: f"“{labels[found[1]]}”" if found[1] in labels else found[0],
        " ".join(filter(None, (error.message, error.remedy))),
    )
    place = error.where.removeprefix("--")
    return next((field.name for field in there if place in (option_of(field), field.label, field.name)), ""), text


def option_of(field: Field) -> str:
    """The name of the command line's option that a field stands for."""
    return {"named_sample": "sample"}.get(field.name, field.name.replace("_", "-"))


_OPTION = re.compile(r"`--([a-z-]+)`")


def wanted(folder: StudyFolder, graph: Graph, said: Mapping[str, str], by: str) -> NewRun:
    """What a person filled in.

    Args:
        folder: The study.
        graph: Which graph.
        said: Field name -> text; blank fields may be left out.
        by: Who wants it.

    Raises:
        InputError: A text is no number where one belongs, or options do not go together.
    """
    given: dict[str, object] = {name: text.strip() for name, text in said.items() if text.strip()}
    for name in ("skip_speaker", "override"):
        if name in given:
            given[name] = tuple(part.strip() for part in str(given[name]).split(";") if part.strip())
    labels = {field.name: field.label for field in fields(folder, graph)}
    try:
        asked = NewRun.model_validate({**given, "graph": graph, "by": by})
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        name = str(detail["loc"][0])
        raise InputError(
            f"{detail['input']!r} cannot be taken.", where=labels.get(name, name), remedy=_EXPECTED.get(name, "")
        ) from None
    _check(asked)
    return asked


_EXPECTED = {
    **dict.fromkeys(("sample", "seed", "limit", "stage"), "Write a whole number."),
    **dict.fromkeys(("lower", "upper"), "Write a distance from 0 to 2, such as 0.32."),
    "unit": f"Write one of {', '.join(get_args(Unit))}.",
    "new": "Write yes or no.",
}


def _check(asked: NewRun) -> None:
    for name, number in (("sample", asked.sample), ("limit", asked.limit), ("stage", asked.stage)):
        if number is not None and number < 1:
            raise InputError(f"{number} is too small.", where=name, remedy="Write 1 or more, or leave it blank.")
    drawn = asked.sample is not None or asked.graph == "codevelop"
    if (asked.stratify or asked.seed is not None) and not drawn:
        raise InputError(
            "seed and stratification go with a sample.", where="sample", remedy="Say how many to draw."
        )
    if asked.override and not asked.note:
        raise InputError("an override needs a reason.", where="note", remedy="Say why; the report shows it.")


def command(asked: NewRun) -> Command:
    """The command that begins the run."""
    options = [] if asked.sample is not None or asked.graph != "final" else ["--all"]
    named: list[tuple[str, object]] = [
        ("sample", asked.named_sample if asked.graph == "calibrate" else asked.sample),
        *((name, getattr(asked, name)) for name in ("seed", "stratify", "limit", "unit")),
        *((name, getattr(asked, name)) for name in ("run", "stage", "lower", "upper", "model")),
        *(("skip-speaker", name) for name in asked.skip_speaker),
        *(("override", name) for name in asked.override),
        *((("note", asked.note), ("by", asked.by)) if asked.override else ()),
    ]
    options += [f"--{name}={value}" for name, value in named if value is not None and value != ""]
    options += ["--new"] if asked.new else []
    return Command(COMMANDS[asked.graph], tuple(options))
