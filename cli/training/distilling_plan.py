"""The dry run of a distillation: what would be learnt, calls, tokens, cost, and which text goes where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from intercoder.cli.output import print_json
from intercoder.core.shown import shown_safely

if TYPE_CHECKING:
    from intercoder.core.synthetic import Wanted
    from intercoder.graphs.planning import Plan, PlannedActor
    from intercoder.training.distillation.material import Material

TO_SYNTHESIZER = "a code's entry in the codebook, some texts that people coded (never held-out ones)"
TO_CODER = "the text of what is measured on, its speaker and context, the codebook's entry"
CUES = 3
"""About how many words the synthesizer is given for a text."""
TO_FILTER = "written segments, the codebook's entry"


class Writing(NamedTuple):
    """Segments that would be written with one temperature and seed, and how often each is coded again."""

    temperature: float
    seed: int
    number: int
    filter: int


class _Question(NamedTuple):
    """One question to the synthesizer."""

    tokens: int
    answer: int
    """Tokens of the answer."""


def print_dry_run(material: Material, *, json: bool, grid: bool = False) -> None:
    """Print what a distillation or a grid would do; nothing is called."""
    from intercoder.cli.coding.plans import print_plan
    from intercoder.cli.training.distilling_parts import parts_lines, parts_told

    wanted = list(_of_grid(material) if grid else _of_one(material))
    plan = _plan(material, wanted, grid=grid)
    number = sum(one.number for one in wanted)
    if json:
        print_json(parts_told(material, number, grid=grid))
    else:
        for line in parts_lines(material, number, grid=grid):
            print(shown_safely(line))
    print_plan(plan, json=json)


def _of_one(material: Material) -> Iterator[Writing]:
    from intercoder.training.distillation.distilling import numbers_of
    from intercoder.training.distillation.training_sets import way_of

    way, numbers = way_of(material), numbers_of(material)
    if numbers.synthetic:
        yield Writing(way.temperature, way.seed, numbers.synthetic, way.filter)


def _of_grid(material: Material) -> Iterator[Writing]:
    """Of cells that share temperature and seed the largest number: the others take the first of it."""
    from intercoder.core.errors import InputError
    from intercoder.training.distillation.composing import mix
    from intercoder.training.distillation.grid_cells import cells_of

    most: dict[tuple[float, int], Writing] = {}
    for cell in cells_of(material):
        try:
            numbers = mix(cell.total, cell.share, len(material.parts.training))
        except InputError:
            continue
        if numbers.synthetic:
            key = cell.temperature, cell.seed
            known = most.get(key, Writing(*key, 0, 0))
            most[key] = Writing(*key, max(known.number, numbers.synthetic), max(known.filter, cell.filter))
    yield from most.values()


def _plan(material: Material, wanted: Sequence[Writing], *, grid: bool) -> Plan:
    from intercoder.graphs.planning import Plan
    from intercoder.llms.references import parse_reference
    from intercoder.training.distillation.checks import model_problems

    embedding = material.folder.study.embedding.model
    segments = material.data.items
    return Plan(
        segments=len(segments),
        characters=sum(len(one.segment.text) for one in segments),
        codes=len(material.codes),
        actors=(*_synthesizer(material, wanted), *_filter(material, wanted), *_coder(material, grid=grid)),
        obstacles=tuple(str(problem) for problem in model_problems(material, grid=grid)),
        embeddings=embedding if wanted else "",
        embeddings_go_to=parse_reference(embedding).location if wanted else "",
    )


def _synthesizer(material: Material, wanted: Sequence[Writing]) -> Iterator[PlannedActor]:
    from intercoder.graphs.planning import planned

    if not wanted:
        return
    study = material.folder.study
    calls = tokens = written = 0
    for one in wanted:
        for kind in _kinds(material, one.number):
            question = _question(material, kind)
            of_kind = kind.count
            calls += of_kind
            tokens += of_kind * question.tokens
            written += of_kind * question.answer
    yield planned(
        study,
        "synthesizer",
        "synthesizer",
        study.writer_model(study.synthesizer),
        TO_SYNTHESIZER,
        tokens,
        calls,
        answer_tokens=round(written / calls),
    )


def _kinds(material: Material, number: int) -> list[Wanted]:
    from intercoder.training.distillation.composing import wanted

    return wanted(material.teaching_codes, material.data.head, number)


def _filter(material: Material, wanted: Sequence[Writing]) -> Iterator[PlannedActor]:
    from intercoder.training.distillation.asking import asked_tokens, language_model
    from intercoder.training.distillation.writing import examples

    times = [(one.number, one.filter) for one in wanted if one.filter]
    if not times or language_model(material.folder.study) is None:
        return
    shown = [one for given in examples(material).values() for one in given][:20]
    each = asked_tokens(material, shown)
    calls = sum(number * often for number, often in times)
    yield from _of_coder(material, "consistency filter", TO_FILTER, round(calls * sum(each) / len(each)), calls)


def _coder(material: Material, *, grid: bool) -> Iterator[PlannedActor]:
    from intercoder.training.distillation.asking import asked_tokens

    items = (*(() if grid else material.parts.development), *material.parts.held_out)
    exclusive = material.book.exclusive
    questions = [one.segment for one in items for _ in range(1 if exclusive else len(one.asked))]
    tokens = asked_tokens(material, questions)
    yield from _of_coder(material, "", TO_CODER, sum(tokens), len(tokens))


def _of_coder(material: Material, name: str, receives: str, tokens: int, calls: int) -> Iterator[PlannedActor]:
    from intercoder.graphs.planning import ANSWER_TOKENS, planned
    from intercoder.training.distillation.asking import language_model

    settings = language_model(material.folder.study)
    if settings is None:
        return
    study = material.folder.study
    model = study.writer_model(settings)
    yield planned(
        study, name or settings.name, "coder", model, receives, tokens, calls, answer_tokens=ANSWER_TOKENS
    )


def _question(material: Material, kind: Wanted) -> _Question:
    """One question to the synthesizer, found by letting it ask a model that only listens."""
    from intercoder.agents.asking import NoAnswer
    from intercoder.agents.subgraph import blocking, standalone_session
    from intercoder.agents.synthesizer import Synthesizer
    from intercoder.llms.scripted import ScriptedChatModel
    from intercoder.llms.usage import estimate_messages, estimate_tokens
    from intercoder.training.distillation.writing import examples

    heard: list[int] = []

    def listen(messages: Sequence[tuple[str, str]], schema: object, seed: int | None) -> str:
        heard.append(estimate_messages(messages))
        return ""

    study, prompts = material.folder.study, material.folder.prompts
    synthesizer = Synthesizer.of_study(study, model=ScriptedChatModel(answer=listen), prompts=prompts)
    given = examples(material)
    texts = [one.text for one in given[kind.code.id, kind.value] or given[kind.code.id, "yes"]]
    size = synthesizer.size(texts)
    shown = study.synthesizer.examples

    async def ask() -> None:
        with suppress(NoAnswer):
            await synthesizer.write(
                material.teaching_book,
                kind.code,
                kind.value,
                texts[:shown],
                size,
                standalone_session(),
                words=("word",) * 3,
                about="",
                seed=0,
            )

    blocking(ask())
    return _Question(heard[0], round(sum(map(estimate_tokens, texts)) / len(texts)))
