"""Runs in words, signs and bars; every colour says again what a sign or a word says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from textual.content import Content

from intercoder.core.ages import age
from intercoder.core.shown import counted
from intercoder.stores.runs.answer_counts import Latest, Spent
from intercoder.stores.runs.run_progress import FailureGroup, Pace, RunLine, RunState, RunView
from intercoder.stores.runs.run_settings import Setting
from intercoder.stores.runs.run_stages import Stage
from intercoder.tui.text import joined, line, shown
from intercoder.tui.widgets.hanging import MUTED

ID = 30
"""Characters of a run's name."""
_ROOMY = 34
"""Cells from which a run's age stands in the list."""


class State(NamedTuple):
    """How a run's state is shown."""

    sign: str
    words: str
    style: str
    short: str = ""
    """In the list, where there is little room."""


STATES: dict[RunState, State] = {
    "running": State("●", "running", "$success"),
    "starting": State("◌", "about to begin", "$success", "begins"),
    "gone": State("✗", "stopped (its process is gone)", "$error", "process gone"),
    "stopped": State("■", "stopped", "$warning"),
    "waiting": State("?", "waits for people", "$accent", "waits"),
    "done": State("✓", "done", MUTED),
    "undone": State("↶", "undone", MUTED),
}
_STAGE_SIGNS = {"done": "✓", "now": "▸", "ahead": "·"}
_VALUES = {"yes": ("+ yes", "$success"), "no": ("- no", MUTED), "unsure": ("? unsure", "$warning")}


def list_row(run: RunLine, now: str, width: int) -> Content:
    """A run on two lines: what it is and how it stands; how far it is and when."""
    state = STATES[run.state]
    failed = f", {run.failures:,} failed" if run.failures else ""
    first = joined(
        Content.styled(f"{state.sign} ", state.style),
        line(run.id, ID, "bold"),
        "  ",
        Content.styled(state.short or state.words, state.style),
        Content.styled(failed, "$error"),
    )
    numbers = f"{run.done:,}/{run.total:,} {run.unit}s" if run.total else ""
    when = f"  {age(run.changed_at, now)} ago" if run.changed_at and width >= _ROOMY else ""
    room = max(4, min(16, width - len(numbers) - len(when) - 3))
    return joined(first, "\n  ", bar(run.done, run.total, room), f" {numbers}", Content.styled(when, MUTED))


def bar(done: int, total: int, width: int) -> Content:
    """A bar that can be read without colours."""
    filled = min(width, width * done // total) if total else 0
    return joined(
        Content.styled("━" * filled, "$success" if total and done >= total else "$primary"),
        Content.styled("┄" * (width - filled), MUTED),
    )


def heading(run: RunLine) -> Content:
    """Name, graph's round, state."""
    state = STATES[run.state]
    round_ = f"  round {run.round}" if run.round > 1 or run.graph == "codevelop" else ""
    return joined(
        line(run.id, ID, "bold $primary"), round_, "  ", Content.styled(f"{state.sign} {state.words}", state.style)
    )


def progress_text(view: RunView, width: int) -> Content:
    """Stages, pace, what was spent, and what came of it."""
    lines = [*_stage_lines(view, width), pace_line(view.pace, view.run), spent_line(view.spent, view.recalled)]
    waiting = f"; {counted(view.waiting, 'revision')} to answer: press a" if view.waiting else ""
    lines.append(Content(f"{counted(view.codes, 'code')} in its codebook{waiting}"))
    return Content("\n").join(lines)


def _stage_lines(view: RunView, width: int) -> Iterator[Content]:
    for stage in view.stages:
        what = {"coding": "answers", "settling": "segments", "proposing": "codes", "reviewing": "revisions"}
        numbers = (
            f" {stage.done:,}/{stage.total:,} {what.get(stage.name, _thing(view, stage))}" if stage.total else ""
        )
        note = f"  {stage.note}" if stage.note else ""
        room = max(6, min(30, width - 14 - len(numbers) - len(note)))
        style = MUTED if stage.state == "ahead" else ""
        yield joined(
            Content.styled(f"{_STAGE_SIGNS[stage.state]} {stage.name:<10}", style or "bold"),
            bar(stage.done, stage.total, room),
            Content.styled(numbers + note, style) if style else Content(numbers + note),
        )


def _thing(view: RunView, stage: Stage) -> str:
    return {"merge": "concepts", "themes": "themes"}.get(view.run.graph, "") if stage.name != "grouping" else ""


def pace_line(pace: Pace, run: RunLine) -> Content:
    """How fast it goes and how long it takes; of a run that rests, how long it took."""
    if not run.at_work:
        rate = f" · {rated(pace.calls_in_all)} answers/s" if pace.calls_in_all else ""
        return Content(f"{duration(pace.seconds)} at work{rate}")
    parts = [f"{rated(pace.calls)} answers/s"]
    parts += [f"{rated(pace.segments)} segments/s"] if pace.segments else []
    parts += [f"about {duration(pace.left)} left"] if pace.left is not None else []
    return joined(
        Content.styled(" · ".join(parts), "bold"),
        Content.styled(f"  ({rated(pace.calls_in_all)}/s in all, {duration(pace.seconds)} at work)", MUTED),
    )


def spent_line(spent: Spent, recalled: int | None) -> Content:
    """Calls, tokens and cost."""
    parts = [counted(spent.calls, "call"), f"{spent.input_tokens:,} tokens in", f"{spent.output_tokens:,} out"]
    parts += [f"cost {spent.cost:,.4f}"] if spent.cost else []
    parts += [f"{recalled:,} recalled"] if recalled else []
    return Content(" · ".join(parts))


def settings_text(settings: Sequence[Setting], actors: Sequence[Spent]) -> Content:
    """What the run was begun with, and what each of its actors asked."""
    lines = [
        Content.styled("Settings", MUTED),
        *_columns([(line(one.name, 20), line(one.value, 120)) for one in settings]),
    ]
    if actors:
        lines += [Content(""), Content.styled("Calls", MUTED)]
    asked = [
        (
            line(actor.name, 20),
            Content(f"{actor.role:<10}{actor.calls:>7,}   {_tokens(actor)}"),
        )
        for actor in actors
    ]
    return Content("\n").join([*lines, *_columns(asked)])


def _tokens(spent: Spent) -> str:
    return f"{short(spent.input_tokens)} in, {short(spent.output_tokens)} out"


def _columns(rows: Sequence[tuple[Content, Content]]) -> list[Content]:
    """Rows of a name and what it is, the second part one under the other."""
    widest = max((name.cell_length for name, _ in rows), default=0)
    return [joined(name.stylize(MUTED), " " * (widest - name.cell_length + 2), value) for name, value in rows]


def failure_row(group: FailureGroup) -> Content:
    """A kind of failure on one line."""
    return joined(
        Content.styled(f"✗ {group.count:,} {group.kind}  ", "$error"),
        line(group.message, 200),
        Content.styled(f"  for instance {group.coder}", MUTED),
    )


def failure_text(group: FailureGroup) -> Content:
    """A kind of failure with all its words."""
    return joined(
        Content.styled(f"{counted(group.count, 'answer')} failed: {group.kind}\n\n", "bold"),
        shown(group.message),
        Content.styled("\n\nFor instance ", MUTED),
        line(group.coder, 80),
        Content.styled(" about ", MUTED),
        line(group.segment_id, 80),
    )


def latest_row(one: Latest) -> Content:
    """A decision on one line: what was decided, by whom, about what."""
    if one.label is None:
        said = Content.styled("∅ nothing to code", MUTED)
    elif one.value:
        words, style = _VALUES.get(one.value, (one.value, ""))
        said = joined(Content.styled(f"{words:<9}", style), line(one.label, 40))
    else:
        said = joined("  ", line(one.label, 40))
    new = Content.styled(" ★ new code", "$accent") if one.founded else Content("")
    if one.role == "repeat":
        new = joined(new, Content.styled(" ↻ again", "$accent"))
    return joined(
        said, new, Content.styled("  ", ""), line(one.coder, 20, MUTED), "  ", line(f"“{one.text}”", 160, MUTED)
    )


def why_text(error: str, remedy: str) -> Content:
    """Why a run stopped and what to do about it."""
    after = joined("\n→ ", line(remedy, 400)) if remedy else Content("")
    return joined(Content.styled("✗ ", "$error"), shown(error), after)


def rated(number: float) -> str:
    """A rate with as many digits as matter."""
    return f"{number:,.0f}" if number >= 20 else f"{number:.1f}" if number >= 1 else f"{number:.2g}"


def short(number: int) -> str:
    """Tokens as people say them: 950, 12k, 3.4M."""
    return (
        f"{number:,}" if number < 10_000 else f"{number / 1000:,.0f}k" if number < 1e6 else f"{number / 1e6:,.1f}M"
    )


def duration(seconds: float) -> str:
    """`40 s`, `12 min`, `3 h 5 min`, `2 days`."""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    if whole < 5400:
        return f"{round(whole / 60)} min"
    if whole < 172_800:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86_400} days"
