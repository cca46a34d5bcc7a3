"""Printing a dry run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intercoder.cli.output import counted, print_json, print_table, shown_safely

if TYPE_CHECKING:
    from intercoder.graphs.planning import Plan


def print_plan(plan: Plan, *, json: bool) -> None:
    """Segments, calls, estimated tokens and cost, and which text would go where."""
    if json:
        print_json({"kind": "plan", **plan.model_dump(mode="json"), "calls": plan.calls})
        return
    segments, characters = counted(plan.segments, "segment"), counted(plan.characters, "character")
    print(f"{segments}, {characters}; {counted(plan.calls, 'call')}. Nothing was called.")
    rows = [
        (
            actor.name,
            actor.role,
            actor.model,
            actor.calls,
            actor.input_tokens,
            actor.output_tokens,
            "unknown" if actor.cost is None else f"{actor.cost:.4f}",
        )
        for actor in plan.actors
    ]
    columns = ("name", "role", "model", "calls", "tokens in", "tokens out", "cost")
    print_table(columns, rows, title="Calls (tokens are estimates)", right=columns[3:])
    places = [(actor.name, actor.receives, actor.goes_to) for actor in plan.actors]
    places.append((plan.embeddings, "texts and labels", plan.embeddings_go_to))
    places.append(("code memory", "labels and definitions", plan.memory_goes_to))
    print_table(("who", "reads", "where"), places, title="Which text goes where")
    for obstacle in plan.obstacles:
        print(f"Would not start: {shown_safely(obstacle)}")
