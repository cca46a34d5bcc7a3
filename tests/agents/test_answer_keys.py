"""A study's answers are found again: an agent forms, from the same settings, the very questions it formed before.

The keys are those of prompts written here, so that an edited prompt does not change them.
"""

from pathlib import Path

import pytest

from intercoder.agents import (
    Coder,
    DeductiveCoder,
    DeductiveModerator,
    Definer,
    Moderator,
    Reviser,
    Synthesizer,
    Themer,
)
from intercoder.agents.session import Session
from intercoder.core.agent_settings import (
    CoderSettings,
    ModeratorSettings,
    ReviserSettings,
    SynthesizerSettings,
    WriterSettings,
)
from intercoder.core.codebook import Codebook
from intercoder.core.coding.findings import CodeFindings, Excerpt, Said
from intercoder.core.decisions import Answer, Suggestion
from intercoder.core.deductive_settings import Deduction, DeductiveCoderSettings
from intercoder.core.deductive_settings import DeductiveModerator as DeductiveModeratorSettings
from intercoder.core.study import Study
from intercoder.llms.embeddings import HashingEmbedder
from intercoder.stores.in_memory import InMemoryAnswerLog
from tests.agents.conftest import segment
from tests.agents.deductive import BOOK, EXCLUSIVE, PRIDE, THRIFT, said

MODEL = "scripted:words"
CODER = CoderSettings(name="ana", model=MODEL, shots=0)
MODERATOR = ModeratorSettings(name="chair", kind="llm", model=MODEL, shots=0)
STUDY = Study(
    id="study",
    question="Why do people repair?",
    coders=(CODER,),
    moderators=(MODERATOR,),
    deductive=Deduction(
        coders=(DeductiveCoderSettings(shots=0),),
        moderator=DeductiveModeratorSettings(kind="llm", shots=0),
    ),
    definer=WriterSettings(shots=0),
    themer=WriterSettings(shots=0),
    reviser=ReviserSettings(shots=0),
    synthesizer=SynthesizerSettings(shots=0),
)
TEMPLATES = {
    "coder": ("expert_angle",),
    "moderator": ("default",),
    "deductive": ("default", "again"),
    "deductive_choice": ("default", "again"),
    "deductive_moderator": ("default", "choice"),
    "definer": ("define", "merge"),
    "themer": ("default",),
    "reviser": ("default",),
    "synthesizer": ("yes", "no"),
}
TOLD = {
    "coder": "{{codes}}",
    "moderator": "{{codes}}",
    "deductive": "{{answers}}",
    "deductive_choice": "{{answers}}",
    "deductive_moderator": "{{answers}}",
    "reviser": "{{revisions}}",
    "synthesizer": "{{length}}",
}
CODES = [("thrift", "Repair costs less."), ("saving", "")]
FINDINGS = CodeFindings(
    code_id=THRIFT.id,
    coders=(),
    excerpts=(
        Excerpt(
            segment_id="s1",
            text="I glued it.",
            said=(Said(decision_id="x", role="coder", coder="ana", value="no"),),
        ),
    ),
)


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    """A study's own prompts, for every agent."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "repair.md").write_text("{{problem}}")
    for agent, names in TEMPLATES.items():
        (tmp_path / agent).mkdir()
        for name in names:
            (tmp_path / agent / f"{name}.md").write_text(f"You are {name}. {{{{shared}}}}")
        (tmp_path / "shared" / f"{agent}.md").write_text(f"Asked: {{{{question}}}} {TOLD.get(agent, '')}")
        (tmp_path / "shared" / f"{agent}_reminder.md").write_text("Answer.")
    return tmp_path


def suggested(name: str, label: str) -> Answer:
    return Answer(coder=name, suggestions=(Suggestion(label=label, reason="So."),))


async def test_inductive_agents_form_the_questions_they_always_formed(
    session: Session, log: InMemoryAnswerLog, prompts: Path
) -> None:
    await Coder.of_study(STUDY, CODER, prompts=prompts).code(segment(), session)
    chair = Moderator.of_study(STUDY, MODERATOR, HashingEmbedder(), prompts=prompts)
    await chair.settle(segment(), [suggested("ana", "mending"), suggested("ben", "thrift")], session)
    definer = Definer.of_study(STUDY, prompts=prompts)
    await definer.define("c1", ["thrift", "saving"], ["It is cheaper."], session)
    await definer.merge("c2", CODES, session)
    await Themer.of_study(STUDY, prompts=prompts).name("t1", CODES, session)
    assert keys(log) == [
        "coder coder/expert_angle da744f49d38dc104",
        "moderator moderator/default f3f304bae37b0021",
        "definer definer/define 3ed3607e779d6a61",
        "definer definer/merge 6c0acf88a8814693",
        "themer themer/default a9624a87170f0cc1",
    ]


async def test_deductive_agents_form_the_questions_they_always_formed(
    session: Session, log: InMemoryAnswerLog, prompts: Path
) -> None:
    def reader(book: Codebook, *, again: bool = False) -> DeductiveCoder:
        return DeductiveCoder.of_study(STUDY, STUDY.deductive.coders[0], book, again=again, prompts=prompts)

    await reader(BOOK).decide(segment(speaker="Nora"), THRIFT, session)
    await reader(BOOK, again=True).decide(segment(), THRIFT, session)
    await reader(EXCLUSIVE).choose(segment(context="Before."), session)
    await reader(EXCLUSIVE, again=True).choose(segment(), session)
    differing = [said("ana", "yes"), said("ben", "no")]
    await DeductiveModerator.of_study(STUDY, BOOK, prompts=prompts).settle(segment(), THRIFT, differing, session)
    chosen = [said("ana", "yes", THRIFT), said("ben", "yes", PRIDE)]
    await DeductiveModerator.of_study(STUDY, EXCLUSIVE, prompts=prompts).settle(segment(), None, chosen, session)
    await Reviser.of_study(STUDY, prompts=prompts).propose(BOOK, THRIFT, FINDINGS, session)
    assert keys(log) == [
        "coder deductive/default 9ee62b1daf5fc634",
        "repeat deductive/again 7f211b9d471aee12",
        "coder deductive_choice/default d2c447561722db70",
        "repeat deductive_choice/again b9ed040997b1f495",
        "moderator deductive_moderator/default 02d4c04dfb6d51b0",
        "moderator deductive_moderator/choice 58176cf50afebb65",
        "reviser reviser/default 59e5945d745882ee",
    ]


async def test_the_synthesizer_forms_the_questions_it_always_formed(
    session: Session, log: InMemoryAnswerLog, prompts: Path
) -> None:
    synthesizer = Synthesizer.of_study(STUDY, prompts=prompts)
    texts = ["It saved me forty euros.", "New ones cost too much."]
    size = synthesizer.size(texts)
    for value, words in (("yes", ["glue"]), ("no", [])):
        await synthesizer.write(BOOK, THRIFT, value, texts, size, session, words=words, about=f"y_{value}", seed=5)
    assert keys(log) == [
        "synthesizer synthesizer/yes 47b47c46684d848e",
        "synthesizer synthesizer/no b4525001da4f5f83",
    ]


def keys(log: InMemoryAnswerLog) -> list[str]:
    return [f"{answer.role} {answer.prompt} {answer.key[:16]}" for answer in log.answers]
