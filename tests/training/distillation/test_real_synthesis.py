"""Synthetic segments by a real model: within bounds, none a copy, nothing asked twice."""

from pathlib import Path

import pytest

from intercoder.agents.synthesizer import Synthesizer
from intercoder.agents.synthesizer_answers import parse_synthesizer_answer
from intercoder.core.agent_settings import SynthesizerSettings, default_coders
from intercoder.core.study import Study
from intercoder.core.synthetic import Wanted
from intercoder.llms.embeddings import HashingEmbedder
from intercoder.stores.classifiers.synthetic_segments import SqlSyntheticStore
from intercoder.stores.database import reading
from intercoder.stores.schema import answers
from intercoder.training.distillation.likeness import triples
from intercoder.training.distillation.synthesis import synthesize
from tests.training.distillation.synthesizing import BOOK, THRIFT, a_study, human, session_over

pytestmark = [pytest.mark.embedded, pytest.mark.long]

EURO = human(
    "The shop wanted ninety euros for a new pump, the seal in ours cost me two.",
    "I glue the soles back on every winter, that saves me a pair of boots a year.",
    "My brother fixed the washing machine for a crate of beer, the repairman asks eighty just to come.",
    "Why buy another lamp when the old one only needs a switch for three euros?",
)
STUDY = Study(
    id="study",
    question="Why do people repair?",
    coders=default_coders("embedded:smollm2-135m"),
    synthesizer=SynthesizerSettings(shots=1, examples=3),
)


async def test_a_real_model_writes_new_texts_of_a_code(tmp_path: Path) -> None:
    with a_study(tmp_path / "study") as folder:
        store = SqlSyntheticStore(folder.engine, folder.study.id)
        calls = []
        for _ in range(2):
            session = session_over(folder)
            written = await synthesize(
                [Wanted(THRIFT, "yes", 3)],
                temperature=1.0,
                seed=1,
                examples={(THRIFT.id, "yes"): EURO},
                human=EURO,
                book=BOOK,
                study=STUDY,
                store=store,
                session=session,
                embeddings=HashingEmbedder(),
            )
            assert len({one.text for one in written}) == 3
            calls.append(session.tally.calls)
        assert calls[0] >= 3
        assert calls[1] == 0
        size = Synthesizer.of_study(STUDY).size([one.text for one in EURO])
        for one in written:
            assert len(one.text) <= size.characters
            assert one.provenance.model.startswith("embedded:smollm2-135m")
            own = triples(one.text)
            assert all(len(own & triples(text.text)) < STUDY.synthesizer.words_shared * len(own) for text in EURO)
        with reading(folder.engine) as connection:
            usable = connection.execute(answers.select().where(answers.c.status == "ok")).all()
        assert len(usable) >= 3
        assert all(parse_synthesizer_answer(row.text, size) for row in usable)
