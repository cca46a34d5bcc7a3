"""Another LangGraph application in which people develop a codebook with intercoder's graph as one node.

The host sorts letters to a help desk. It calls the co-development graph from a node of its own, pauses where
revisions of the codebook wait for a person, and goes on when somebody has answered. Run it:

    python examples/foreign_codevelopment.py approve
    python examples/foreign_codevelopment.py reject

It needs no study on disk, and uses scripted models, so it needs no weights. Put a reference such as
`embedded:qwen2.5-coder-0.5b`, or any LangChain chat model, in their place.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command
from typing_extensions import TypedDict

from intercoder.core.agent_settings import CoderSettings
from intercoder.core.codebook import Code, Codebook
from intercoder.core.deductive_settings import Development
from intercoder.core.study import Study
from intercoder.graphs import InMemoryDevelopmentStore, build_codevelopment, make_development_context
from intercoder.stores.in_memory import InMemoryAnswerLog
from intercoder.stores.in_memory_development import RUN

LETTERS = [
    "The kettle broke after a week and nobody answers the telephone.",
    "I waited an hour on the telephone.",
    "Thank you, the new kettle works.",
    "Where do I send the broken kettle?",
]
BOOK = Codebook(
    version=1,
    codes=(
        Code(id="broken", label="broken thing", definition="Something that was bought does not work."),
        Code(id="wait", label="waiting", definition="Somebody waits on the telephone or for a letter."),
        Code(id="question", label="question", kind="pattern", pattern=r"\?\s*$"),
    ),
)


class Desk(TypedDict, total=False):
    """The host's own state."""

    desk: str
    version: int


def build_desk(
    store: InMemoryDevelopmentStore, study: Study, model: Any = None, checkpointer: Any = None
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The host application. Its checkpointer serves the graph inside it too.

    Args:
        store: The letters and the codebook.
        study: The settings.
        model: A chat model for all agents; by default the one that the settings name.
        checkpointer: LangGraph saver; waiting for people needs one.
    """
    context = make_development_context(
        study,
        store.run(RUN),
        store=store,
        log=InMemoryAnswerLog(),
        models={} if model is None else {study.coders[0].model: model},
    )
    development = build_codevelopment()

    async def develop(state: Desk, config: RunnableConfig) -> Desk:
        result = await development.ainvoke({"run": RUN}, config, context=context)
        return {"version": result["codebook_version"]}

    graph = StateGraph(Desk)
    graph.add_node("develop", develop)
    graph.add_edge(START, "develop")
    graph.add_edge("develop", END)
    return graph.compile(checkpointer=checkpointer)


def settings(reference: str = "scripted:words") -> Study:
    """One coder, asked once; the reviser proposes changes in one round."""
    return Study(
        id="help-desk",
        question="What do people write to the help desk about?",
        coders=(CoderSettings(name="reader", model=reference),),
        development=Development(repeat=False, rounds=1),
    )


async def main(answer: str) -> None:
    """Develop the codebook, giving every revision the same answer."""
    study = settings()
    store = InMemoryDevelopmentStore(study, LETTERS, BOOK)
    desk = build_desk(store, study, checkpointer=InMemorySaver())
    config: RunnableConfig = {"configurable": {"thread_id": "letters"}}
    result = await desk.ainvoke({"desk": "help"}, config)
    while "__interrupt__" in result:
        revisions = result["__interrupt__"][0].value["revisions"]
        for revision in revisions:
            print(f"{answer} {revision['kind']} of {revision['before'][0]['label']!r}: {revision['rationale']}")
        answers = {revision["id"]: {"answer": answer, "by": "Ana"} for revision in revisions}
        result = await desk.ainvoke(Command(resume={"answers": answers}), config)
    print(f"codebook version {result['version']}: {', '.join(code.label for code in store.books[-1].codes)}")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:] or ["approve"]))
