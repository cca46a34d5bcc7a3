"""Printing a dry run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intercoder.cli.output import print_json, print_table
from intercoder.core.shown import counted, shown_safely

if TYPE_CHECKING:
    from intercoder.graphs.planning import Plan


def print_plan(plan: Plan, *, json: bool) -> None:
    """Segments, calls, estimated tokens and cost, and which text would go where."""
    if json:
        print_json({"kind": "plan", **plan.model_dump(mode="json"), "calls": plan.calls})
        return
    codes = [counted(plan.codes, "code")] if plan.codes else []
    counts = ", ".join([counted(plan.segments, "segment"), counted(plan.characters, "character"), *codes])
    print(f"{counts}; {_calls(plan)}. Nothing was called.")
    rows = [
        (
            actor.name,
            actor.role,
            actor.model,
            f"at most {actor.calls}" if actor.at_most else actor.calls,
            actor.input_tokens,
            actor.output_tokens,
            "unknown" if actor.cost is None else f"{actor.cost:.4f}",
        )
        for actor in plan.actors
    ]
    columns = ("name", "role", "model", "calls", "tokens in", "tokens out", "cost")
    print_table(columns, rows, title="Calls (tokens are estimates)", right=columns[3:])
    places = [(actor.name, actor.receives, actor.goes_to) for actor in plan.actors]
    if plan.embeddings:
        places.append((plan.embeddings, "texts and labels", plan.embeddings_go_to))
    if plan.memory_goes_to:
        places.append(("code memory", "labels and definitions", plan.memory_goes_to))
    print_table(("who", "reads", "where"), places, title="Which text goes where")
    for note in plan.notes:
        print(shown_safely(f"Note: {note}"))
    for obstacle in plan.obstacles:
        print(f"Would not start: {shown_safely(obstacle)}")


def _calls(plan: Plan) -> str:
    """How many calls; from the fewest to the most where some coders may not be asked."""
    calls = counted(plan.calls, "call")
    if any(actor.at_most and actor.role == "coder" for actor in plan.actors):
        return f"{plan.fewest_calls:,} to {calls}"
    return f"at most {calls}" if any(actor.at_most for actor in plan.actors) else calls
