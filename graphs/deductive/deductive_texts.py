"""Deductive coding of plain texts, from Python, without a study on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from langchain_core.language_models import BaseChatModel

from intercoder.agents.subgraph import blocking
from intercoder.core.agent_settings import DEFAULT_MODEL, CoderSettings
from intercoder.core.codebook import Codebook
from intercoder.core.codebooks.codebook_drafts import Draft, DraftCode, completed
from intercoder.core.coding.coded_lines import COLUMNS, Line, line_of
from intercoder.core.coding.deduction import CoderValues, final_of, is_final, values_of
from intercoder.core.decisions import Decision, Failure
from intercoder.core.deductive_settings import Deduction, DeductiveCoderSettings, DeductiveModerator
from intercoder.core.documents import Segment
from intercoder.core.errors import InputError
from intercoder.core.study import Study, study_id
from intercoder.graphs.deductive.deductive import build_deductive
from intercoder.graphs.deductive.teams import make_deductive_context
from intercoder.graphs.inductive.texts import check_texts
from intercoder.llms.privacy import no_tracing
from intercoder.stores.in_memory import InMemoryAnswerLog
from intercoder.stores.in_memory_development import RUN, InMemoryDevelopmentStore

if TYPE_CHECKING:
    import pandas as pd

UNASKED = "What does the codebook say of these texts?"
"""Stands for the question of a study that is not told one; no model is shown it."""


@dataclass(frozen=True)
class DeductiveResult:
    """What was decided about given codes."""

    codebook: Codebook
    decisions: tuple[Decision, ...]
    failures: tuple[Failure, ...]
    segments: tuple[Segment, ...]
    moderated: bool
    """Whether there were several coders, and so a moderator."""

    @property
    def final(self) -> CoderValues:
        """What stands in the end: the moderator's where there are several coders, a pattern's own."""
        return final_of(values_of(self.codebook, self.decisions), moderated=self.moderated)

    def lines(self) -> list[Line]:
        """One line a decision, in the order of the texts; columns as in `core.coding.coded_lines.COLUMNS`."""
        segments = {segment.id: segment for segment in self.segments}
        codes = {code.id: code for code in self.codebook.codes}
        return [
            line_of(
                decision,
                segments[decision.segment_id],
                codes.get(decision.code_id or ""),
                final=is_final(decision, moderated=self.moderated),
            )
            for decision in self.decisions
        ]

    def to_frame(self) -> pd.DataFrame:
        """The lines as a pandas DataFrame."""
        import pandas as pd

        return pd.DataFrame(self.lines(), columns=list(COLUMNS))

    def to_table(self) -> pd.DataFrame:
        """What stands in the end: a row a text, a column a code; missing where nothing was decided."""
        import pandas as pd

        final, codes = self.final, self.codebook.leaves
        rows = [[one.text, *(final.of(code.id).get(one.id) for code in codes)] for one in self.segments]
        return pd.DataFrame(rows, columns=["text", *(code.label for code in codes)])


def code_deductively(
    texts: Sequence[str],
    codebook: Codebook | Mapping[str, str],
    *,
    question: str = "",
    model: str | BaseChatModel = DEFAULT_MODEL,
    coders: Sequence[DeductiveCoderSettings] = (),
    moderator: DeductiveModerator | None = None,
    exclusive: bool | None = None,
    allow_unsure: bool | None = None,
    study: Study | None = None,
) -> DeductiveResult:
    """Decide for each text which codes of a codebook apply.

    Args:
        texts: The texts, each one segment.
        codebook: A codebook, or labels with definitions.
        question: The research question; may be empty.
        model: A reference such as `embedded:qwen2.5-coder-0.5b`, or any LangChain chat model, which then answers
            for all coders. Coders without a model of their own use it.
        coders: Who codes; by default one coder.
        moderator: Who settles what several coders say; by default the majority.
        exclusive: Whether a text gets exactly one of the codes; by default as the codebook says.
        allow_unsure: Whether a coder may say `unsure`; by default as the codebook says.
        study: All other settings, in place of the defaults.

    Raises:
        InputError: There are no texts, one is empty, the codebook cannot be coded with, or a coder replays a table.
        ModelError: The model is unknown, not pulled, or would leave the machine.

    Example:
        ```python
        result = code_deductively(["New ones cost too much."], {"thrift": "Money is saved."})
        print(result.to_table())
        ```
    """
    return blocking(
        acode_deductively(
            texts,
            codebook,
            question=question,
            model=model,
            coders=coders,
            moderator=moderator,
            exclusive=exclusive,
            allow_unsure=allow_unsure,
            study=study,
        )
    )


async def acode_deductively(
    texts: Sequence[str],
    codebook: Codebook | Mapping[str, str],
    *,
    question: str = "",
    model: str | BaseChatModel = DEFAULT_MODEL,
    coders: Sequence[DeductiveCoderSettings] = (),
    moderator: DeductiveModerator | None = None,
    exclusive: bool | None = None,
    allow_unsure: bool | None = None,
    study: Study | None = None,
) -> DeductiveResult:
    """`code_deductively` for programs that have an event loop."""
    check_texts(texts)
    settings = _settings(study, question, model, coders, moderator)
    book = _book(codebook, exclusive=exclusive, allow_unsure=allow_unsure)
    store = InMemoryDevelopmentStore(settings, texts, book)
    given = {} if isinstance(model, str) else dict.fromkeys(settings.deductive_models, model)
    context = make_deductive_context(settings, store.run(RUN), store=store, log=InMemoryAnswerLog(), models=given)
    with no_tracing(settings.privacy):
        await build_deductive().ainvoke({"run": RUN}, context=context)
    return DeductiveResult(
        codebook=book,
        decisions=tuple(store.standing),
        failures=tuple(store.failures),
        segments=tuple(store.segments(RUN, 0, len(texts))),
        moderated=len(settings.deductive.coders) > 1,
    )


def _book(codebook: Codebook | Mapping[str, str], *, exclusive: bool | None, allow_unsure: bool | None) -> Codebook:
    """The book to code with."""
    said = {"exclusive": exclusive, "allow_unsure": allow_unsure}
    settings = {name: value for name, value in said.items() if value is not None}
    if isinstance(codebook, Codebook):
        return codebook.model_copy(update=settings)
    codes = tuple(DraftCode(label=label, definition=text) for label, text in codebook.items())
    return completed(Draft(source="codebook", codes=codes), Codebook(version=1)).model_copy(update=settings)


def _settings(
    study: Study | None,
    question: str,
    model: str | BaseChatModel,
    coders: Sequence[DeductiveCoderSettings],
    moderator: DeductiveModerator | None,
) -> Study:
    reference = model if isinstance(model, str) else f"given:{type(model).__name__}"
    settings = study or Study(
        id=study_id(question), question=UNASKED, coders=(CoderSettings(name="coder", model=reference),)
    )
    deductive = Deduction(
        coders=tuple(coders) or settings.deductive.coders, moderator=moderator or settings.deductive.moderator
    )
    replaying = [coder.name for coder in deductive.coders if coder.replay]
    if replaying:
        raise InputError(
            f"the coder {replaying[0]!r} replays a table, and there is no study that holds it.",
            where="coders",
            remedy="Build a context with `make_deductive_context(replays=...)` for `build_deductive`.",
        )
    return settings.model_copy(update={"question": question, "deductive": deductive})
