"""Replacing the deductive coders of a study.toml and nothing else."""

from pathlib import Path

import pytest

from intercoder.cli.studies.settings_template import settings_text
from intercoder.core.agent_settings import Sampling
from intercoder.core.deductive_settings import DeductiveCoderSettings
from intercoder.core.errors import SettingsError
from intercoder.core.study_toml import parse_study
from intercoder.training.deductive_tables import coder_with, deductive_tables, with_deductive_coders

HEAD = 'question = "Why?"\n[[coders]]\nname = "ana"  # who reads\n'
TWO = '\n[[deductive.coders]]\nname = "a"\n\n[[deductive.coders]]\nname = "b"\n'
OTHERS = {"deductive": {"coders"}}
ALONE = DeductiveCoderSettings(name="thrift", model="classifier:thrift")


@pytest.mark.parametrize(
    "text",
    [
        HEAD,
        HEAD + TWO + "# about limits\n[limits]\nwave = 9\n",
        HEAD + '\n[deductive.moderator]\nkind = "weighted"\n',
        HEAD + '\n[deductive]\ncoders = [{ name = "a" }]\n[limits]\nwave = 9\n',
        HEAD + "\n[deductive]" + TWO + 'sampling = { top_p = 0.2 }\n[deductive.moderator]\nkind = "weighted"\n',
        (HEAD + '\n[[deductive.coders]]\nname = "a"\n').replace("\n", "\r\n"),
        'deductive = { coders = [{ name = "a" }] }\n' + HEAD,
        settings_text("Why?", "scripted:words"),
    ],
)
def test_only_the_deductive_coders_change(text: str) -> None:
    written = with_deductive_coders(text, [ALONE], Path())
    before, after = parse_study(text), parse_study(written)
    assert after.deductive.coders == (ALONE,)
    assert after.model_dump(exclude=OTHERS) == before.model_dump(exclude=OTHERS)
    for line in text.splitlines():
        if "#" in line and "prompts/deductive" not in line:
            assert line in written
    assert ("\r\n" in written) == ("\r\n" in text)
    assert with_deductive_coders(written, [ALONE], Path()) == written


def test_a_cascade_keeps_the_coder_that_is_asked_and_how_it_is_asked() -> None:
    text = HEAD + (
        '[[deductive.coders]]\nname = "old"\nreplay = "old.csv"\n[[deductive.coders]]\nname = "reader"\n'
        'model = "scripted:words"\nshots = 1\nsampling = { temperature = 0.2 }\n'
    )
    study = parse_study(text)
    coder = coder_with(study, "thrift", alone=False)
    assert (coder.name, coder.model, coder.shots, coder.classifier) == ("reader", "scripted:words", 1, "thrift")
    after = parse_study(with_deductive_coders(text, [coder], Path()))
    assert after.deductive.coders == (coder,)
    assert after.deductive.coders[0].sampling == Sampling(temperature=0.2)
    assert coder_with(study, "thrift", alone=True) == ALONE


def test_what_is_printed_can_be_pasted() -> None:
    pasted = HEAD + deductive_tables([ALONE], Path())
    assert parse_study(pasted).deductive.coders == (ALONE,)


def test_what_is_not_valid_stays_as_it_is() -> None:
    with pytest.raises(SettingsError):
        with_deductive_coders("question = ", [ALONE], Path())
    name = ALONE.model_copy(update={"name": "moderator"})
    with pytest.raises(SettingsError, match="moderator"):
        with_deductive_coders(HEAD, [name], Path())
