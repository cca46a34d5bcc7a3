"""Another LangGraph application that uses intercoder's agents as parts.

A small "inbox" application with a state of its own: it sorts complaints. Two coders run as nodes, side by side,
because the host's state shares the keys `text` and `answers` with them; the moderator is wrapped in a function,
because the host calls things differently. Run it:

    python examples/foreign_graph.py "The kettle broke after a week and nobody answers the phone."

It uses scripted models, so it needs no weights. Put a reference such as `embedded:qwen2.5-coder-0.5b`, or any
LangChain chat model, in place of them.
"""

from __future__ import annotations

import operator
import sys
from typing import Annotated, Any

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from typing_extensions import TypedDict

from intercoder.agents import build_coder, build_moderator
from intercoder.core.decisions import Answer

QUESTION = "What are customers unhappy about?"


class Inbox(TypedDict, total=False):
    """The host's own state. `text` and `answers` are shared with the coders, the rest is its own."""

    ticket: int
    text: str
    answers: Annotated[list[Answer], operator.add]
    topic: str
    why: str


def build_inbox(
    model: Any = "scripted:words", embeddings: Any = "scripted:hashing"
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The host application: two coders at once, one moderator, then a reply of its own."""
    moderator = build_moderator(question=QUESTION, embeddings=embeddings)

    def settle(state: Inbox) -> Inbox:
        result = moderator.invoke({"text": state["text"], "answers": state["answers"]})
        choices = result["settlement"].choices
        if not choices:
            return {"topic": "nothing to sort", "why": ""}
        return {"topic": choices[0].suggestion.label, "why": choices[0].suggestion.quote.text}

    graph = StateGraph(Inbox)
    graph.add_node("first", build_coder(model, name="first", question=QUESTION, seed=1))
    graph.add_node(
        "second", build_coder(model, name="second", question=QUESTION, seed=2, prompt="informal_request")
    )
    graph.add_node("settle", settle)
    graph.add_edge(START, "first")
    graph.add_edge(START, "second")
    graph.add_edge(["first", "second"], "settle")
    graph.add_edge("settle", END)
    return graph.compile()


if __name__ == "__main__":
    text = " ".join(sys.argv[1:]) or "The kettle broke after a week and nobody answers the phone."
    sorted_ticket = build_inbox().invoke({"ticket": 1, "text": text})
    print(f"topic: {sorted_ticket['topic']}")
    print(f"because it says: {sorted_ticket['why']!r}")
