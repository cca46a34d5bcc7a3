"""The moderator of deductive coding: settles what several coders said of a code."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from langchain_core.language_models import BaseChatModel

from intercoder.agents.answers import one_line
from intercoder.agents.asking import Actor, Question, ask
from intercoder.agents.code_text import book_text, labels_of
from intercoder.agents.deductive_answers import (
    NO,
    SAID,
    UNSURE,
    VALUES,
    YES,
    answers_named,
    parse_settling,
    settling_schema,
)
from intercoder.agents.means import Means
from intercoder.agents.session import Session
from intercoder.core.codebook import Code, Codebook
from intercoder.core.decisions import CodeAnswer, Provenance
from intercoder.core.deductive_settings import DeductiveModerator as ModeratorSettings
from intercoder.core.documents import Segment
from intercoder.core.identity import digest
from intercoder.core.study import Study
from intercoder.core.texts.quotes import Quote
from intercoder.prompts.loader import Piece, load

Side = tuple[str, str]
"""Value and code: what coders agree or differ in."""
DIVIDED = "The coders are divided."


class DeductiveModerator:
    """The moderator of a study: a rule, or a model.

    Args:
        settings: Name, kind and what the kind needs.
        book: The codebook.
        means: What it asks with, for kind `llm`.
        weights: Weight of each coder, for `weighted`; coders not named weigh 1.
    """

    def __init__(
        self,
        settings: ModeratorSettings,
        book: Codebook,
        means: Means,
        *,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        self.settings = settings
        self.name = settings.name
        self._book = book
        self._means = means
        self._weights = dict(weights or {})
        self._unsure = (UNSURE,) if book.allow_unsure else ()
        labels = labels_of(book.leaves, *self._unsure) if book.exclusive else {}
        self._labels = {code.id: label for label, code in labels.items()}
        self._actor: Actor | None = None
        if settings.kind == "llm":
            template = "choice" if book.exclusive else "default"
            prompt = load("deductive_moderator", template, shots=settings.shots, folder=means.prompts)
            self._actor = means.actor("moderator", settings.name, prompt, settings.sampling, settings.seed)

    @classmethod
    def of_study(
        cls, study: Study, book: Codebook, *, model: BaseChatModel | None = None, prompts: Path | None = None
    ) -> DeductiveModerator:
        """The moderator as the study's settings describe it."""
        settings = study.deductive.moderator
        means = Means.of_study(study, study.writer_model(settings), model=model, prompts=prompts)
        return cls(settings, book, means, weights={coder.name: coder.weight for coder in study.deductive.coders})

    @property
    def asks(self) -> bool:
        """Whether a model is asked."""
        return self._actor is not None

    async def settle(
        self, segment: Segment, code: Code | None, answers: Sequence[CodeAnswer], session: Session
    ) -> CodeAnswer:
        """What stands about a code on a segment, or in an exclusive book which code does.

        By rule the side with most votes stands, with the reason and quote of its first coder. Where sides are
        equal it is `unsure` if the book allows that, else the side of the earliest coder. A model is asked only
        where coders differ.

        Args:
            segment: The segment.
            code: The code; None in an exclusive book.
            answers: The coders' answers, in the coders' order; at least one.
            session: The run's session.

        Raises:
            NoAnswer: The model gave no usable answer.
            EndpointStopped: The endpoint answers nobody.
        """
        sides = list(dict.fromkeys(_side(answer) for answer in answers))
        if self._actor is None or len(sides) == 1:
            return self._settled(self._voted(code, sides, answers), answers)
        return await self._ask(self._actor, segment, code, answers, session)

    def _voted(self, code: Code | None, sides: Sequence[Side], answers: Sequence[CodeAnswer]) -> Side:
        weights = {answer.coder: self._weights.get(answer.coder, 1.0) for answer in answers}
        if self.settings.kind != "weighted" or not any(weights.values()):
            weights = dict.fromkeys(weights, 1.0)
        votes = {side: sum(weights[one.coder] for one in answers if _side(one) == side) for side in sides}
        most = max(votes.values())
        leading = [side for side in sides if votes[side] == most]
        if len(leading) > 1 and self._book.allow_unsure:
            return ("unsure", code.id if code else "")
        return leading[0]

    async def _ask(
        self, actor: Actor, segment: Segment, code: Code | None, answers: Sequence[CodeAnswer], session: Session
    ) -> CodeAnswer:
        named = {answer.code_id for answer in answers}
        codes = [code] if code else [one for one in self._book.leaves if one.id in named]
        options = (YES, NO) if code else tuple(self._labels[one.id] for one in codes)
        decisions = (*options, *self._unsure)
        lines = "\n".join(self._line(answer, code) for answer in self._shuffled(segment, answers))
        kinds = (("speaker", segment.speaker or ""), ("text", segment.text), ("suggestions", lines))
        messages = actor.prompt.messages(
            [Piece(kind=kind, text=text) for kind, text in kinds if text],
            question=self._means.question,
            secret=self._means.secret,
            segment_id=segment.id,
            book=[Piece(kind="codebook", text=book_text(self._book, codes))],
            words={"answers": answers_named(exclusive=code is None, allow_unsure=self._book.allow_unsure)},
        )
        schema = settling_schema(decisions)
        parse = partial(parse_settling, decisions=decisions)
        asked = await ask(actor, Question(segment.id, messages, schema, parse, code.id if code else ""), session)
        side = self._meant(asked.value.decision, code)
        return self._settled(side, answers, reason=asked.value.reason, provenance=asked.provenance)

    def _shuffled(self, segment: Segment, answers: Sequence[CodeAnswer]) -> list[CodeAnswer]:
        order = random.Random(digest(self._means.secret, segment.id, self.name))
        return order.sample(list(answers), len(answers))

    def _line(self, answer: CodeAnswer, code: Code | None) -> str:
        said = SAID[answer.value] if code or answer.value == "unsure" else self._labels[answer.code_id]
        return f"{answer.coder}: {said}. {one_line(answer.reason)}".rstrip()

    def _meant(self, decision: str, code: Code | None) -> Side:
        if code or decision == UNSURE:
            return VALUES[decision], code.id if code else ""
        return "yes", next(code_id for code_id, label in self._labels.items() if label == decision)

    def _settled(
        self, side: Side, answers: Sequence[CodeAnswer], *, reason: str = "", provenance: Provenance | None = None
    ) -> CodeAnswer:
        """The answer of that side, with what its coders gave for it; a quote that stands in the text goes first."""
        following = [answer for answer in answers if _side(answer) == side]
        quotes = [answer.quote for answer in following]
        rule = Provenance(
            model=f"rule:{self.settings.kind}",
            answer_key=following[0].provenance.answer_key if following else "",
        )
        return CodeAnswer.model_validate(
            {
                "coder": self.name,
                "value": side[0],
                "code_id": side[1],
                "reason": reason or (following[0].reason if following else DIVIDED),
                "quote": next((quote for quote in quotes if quote.verified), (quotes or [Quote(text="")])[0]),
                "overruled": tuple(answer.coder for answer in answers if _side(answer) != side),
                "provenance": provenance or rule,
            }
        )


def _side(answer: CodeAnswer) -> Side:
    return answer.value, answer.code_id
