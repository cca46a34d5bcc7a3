"""A dry run in words: calls, tokens and cost, and which text goes where."""

from __future__ import annotations

from textual.content import Content

from intercoder.core.shown import counted
from intercoder.graphs.merging.merge_jobs import MergePlan
from intercoder.graphs.planning import Plan, PlannedActor
from intercoder.tui.text import joined, line
from intercoder.tui.widgets.hanging import MUTED
from intercoder.tui.widgets.run_words import short

NOTHING = "nothing"
"""What an actor reads that replays answers."""


def plan_text(plan: Plan | MergePlan, going: str = "", given_up: int = 0) -> Content:
    """What a run would do; what keeps it from starting comes last.

    Args:
        plan: The dry run's result.
        going: The run that would be gone on with; empty for a new one.
        given_up: How many revisions that wait would be asked about no more.
    """
    lines = _merge_lines(plan) if isinstance(plan, MergePlan) else _lines(plan)
    if going:
        anew = "To begin anew in its place, go back and say so."
        lines.insert(0, joined(line(going, 30, "bold"), f" is there and would be gone on with. {anew}\n"))
    if given_up:
        wait = "revision that waits" if given_up == 1 else "revisions that wait"
        lost = f"! {given_up:,} {wait} would be asked about no more."
        lines.insert(0, joined(Content.styled(lost, "bold $warning"), " Answer first what you want to keep.\n"))
    lines += [joined(Content.styled("✗ Would not start: ", "$error"), line(one, 400)) for one in plan.obstacles]
    return Content("\n").join(lines)


def _lines(plan: Plan) -> list[Content]:
    counts = [counted(plan.segments, "segment")] if plan.segments else []
    counts += [counted(plan.characters, "character")] if plan.characters else []
    counts += [counted(plan.codes, "code")] if plan.codes else []
    most = "at most " if any(actor.at_most for actor in plan.actors) else ""
    lines = [
        Content.styled(f"{', '.join(counts)}; {most}{counted(plan.calls, 'call')}.", "bold"),
        Content.styled("Nothing was called yet; tokens are estimates.", MUTED),
        Content(""),
    ]
    lines += [_actor(actor) for actor in plan.actors]
    lines += [Content(""), Content.styled("Which text goes where", "bold")]
    places = [(one.name, one.receives, one.goes_to) for one in plan.actors if one.receives != NOTHING]
    if plan.embeddings:
        places.append((plan.embeddings, "texts and labels", plan.embeddings_go_to))
    if plan.memory_goes_to:
        places.append(("code memory", "labels and definitions", plan.memory_goes_to))
    lines += [_place(*place) for place in places]
    return lines + [joined(Content.styled("! ", "bold $warning"), line(note, 400)) for note in plan.notes]


def _actor(actor: PlannedActor) -> Content:
    cost = "cost unknown" if actor.cost is None else f"cost {actor.cost:,.4f}" if actor.cost else "no cost"
    most = "at most " if actor.at_most else ""
    tokens = f"{short(actor.input_tokens)} tokens in, {short(actor.output_tokens)} out, {cost}"
    return joined(
        line(actor.name, 30, "bold"),
        Content.styled(f" {actor.role}  ", MUTED),
        line(actor.model, 60),
        f"\n    {most}{counted(actor.calls, 'call')}, {tokens}" if actor.calls else "",
    )


def _place(who: str, what: str, where: str) -> Content:
    here = where.startswith("this machine")
    return joined(
        line(who, 40),
        Content.styled(" reads ", MUTED),
        line(what, 120),
        Content.styled(" → ", MUTED),
        line(where, 80, "" if here else "bold $warning"),
    )


def _merge_lines(plan: MergePlan) -> list[Content]:
    lines = [
        joined(
            Content.styled(f"{counted(plan.labels, 'label')} of ", "bold"),
            line(plan.run, 30, "bold"),
            Content.styled(
                f": {counted(plan.concepts, 'concept')} after the first of {plan.stage} stages.", "bold"
            ),
        ),
        Content(f"Cosine distances {plan.lower:g} (always merged) to {plan.upper:g} (never)."),
        Content(""),
    ]
    if plan.definer:
        asked = f"definer: at most {counted(plan.definitions, 'definition')}, and one more for each merge"
        lines += [joined(f"{asked}; ", line(plan.definer, 60))]
    lines += [Content(""), Content.styled("Which text goes where", "bold")]
    if plan.definer:
        shown = f"labels and at most {counted(plan.characters, 'character')} of passages"
        lines.append(_place("definer", shown, plan.definer_goes_to))
    lines.append(_place(plan.embeddings, "labels and definitions", plan.embeddings_go_to))
    return lines
