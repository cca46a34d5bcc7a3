import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intercoder.cli.studies.settings_template import settings_text
from intercoder.core.agent_settings import CoderSettings, Sampling
from intercoder.core.errors import SettingsError, StudyBusy
from intercoder.core.study_toml import parse_study
from intercoder.stores.lease import Lease
from intercoder.stores.study_folder import SETTINGS, open_study
from intercoder.training.coder_tables import coder_tables, with_coders, write_coders
from tests.studies import new_study

TEMPLATE = settings_text("Why?", "scripted:words")
NEW = [
    CoderSettings(name="one", model="scripted:words", shots=0, ending="line_break"),
    CoderSettings(name="two", model="scripted:words", seed=3, weight=0.5, sampling=Sampling(temperature=0.1)),
]
HERE = Path("/nowhere")

CODER = 'question = "q"\n[[coders]]\nname = "x"\n'
OTHER_FORMS = {
    "inline": 'question = "q"\ncoders = [{name = "x"}] # these\nlanguage = "de"\n',
    "sampling as a table": f"{CODER}[coders.sampling]\ntemperature = 0.5\n# end\n[limits]\n",
    "coders apart": f'{CODER}\n[limits]\nwave = 3\n# keep\n[[coders]]\nname = "y"\n# end\n',
    "nothing after": CODER.rstrip(),
    "line ends of Windows": 'question = "q"\r\n[[coders]]\r\nname = "x"\r\n# end\r\n[limits]\r\nwave = 9\r\n',
}


def test_all_but_the_coders_stays_to_the_letter() -> None:
    written = with_coders(TEMPLATE, NEW, HERE)
    first, last = TEMPLATE.index("[[coders]]"), TEMPLATE.index("# Moderators settle")
    assert written.startswith(TEMPLATE[:first])
    assert written.endswith(TEMPLATE[last:])
    assert list(parse_study(written).coders) == NEW


@pytest.mark.parametrize("text", OTHER_FORMS.values(), ids=OTHER_FORMS.keys())
def test_other_ways_to_write_coders_are_understood(text: str) -> None:
    written = with_coders(text, NEW, HERE)
    assert list(parse_study(written).coders) == NEW
    assert parse_study(written).limits == parse_study(text).limits
    assert parse_study(written).language == parse_study(text).language
    assert {line.partition("#")[2] for line in text.splitlines()} == {
        line.partition("#")[2] for line in written.splitlines()
    }
    assert ("\r\n" in written) == ("\r\n" in text)
    assert "\n" not in written.replace("\r\n", "") or "\r\n" not in text


coders = st.lists(
    st.builds(
        CoderSettings,
        name=st.text(
            st.characters(exclude_characters="/\\", exclude_categories=["Cs", "Zs", "Cc", "Zl", "Zp"]), min_size=1
        )
        .map(lambda name: name[:64])
        .filter(lambda name: name not in ("medoid", "new") and not any(map(str.isspace, name))),
        model=st.just("scripted:words")
        | st.text(st.characters(exclude_categories=["Cs"])).map("openai:m{}".format),
        prompt=st.text(st.characters(exclude_categories=["Cs"])),
        shots=st.integers(0, 5),
        ending=st.sampled_from(["full_stop", "line_break"]),
        seed=st.integers(-(2**63), 2**63 - 1),
        weight=st.floats(0, 1e9),
        sampling=st.builds(Sampling, temperature=st.floats(0, 2), top_p=st.floats(0.01, 1)),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda coder: coder.name,
)


@settings(max_examples=60)
@given(coders)
def test_what_is_written_is_what_is_read(given_coders: list[CoderSettings]) -> None:
    written = with_coders(TEMPLATE, given_coders, HERE)
    assert list(parse_study(written).coders) == given_coders
    assert with_coders(written, given_coders, HERE) == written
    assert tomllib.loads(coder_tables(given_coders, HERE))["coders"][0]["name"] == given_coders[0].name


def test_a_name_that_a_moderator_has_is_refused() -> None:
    with pytest.raises(SettingsError, match="names of their own"):
        with_coders(TEMPLATE, [CoderSettings(name="medoid", model="scripted:words")], HERE)


def test_coders_are_written_into_a_study_with_its_adapters_relative(tmp_path: Path) -> None:
    folder = new_study(tmp_path / "study", TEMPLATE)
    inside = f"hf:m#{folder.path / 'adapters' / 'care'}"
    told = write_coders(folder, [CoderSettings(name="care", model=inside)])
    assert 'model = "hf:m#adapters/care"' in (folder.path / SETTINGS).read_text(encoding="utf-8")
    assert open_study(folder.path).study.coders[0].model == inside
    assert "1 coder written" in told[0]
    assert "now hf:m#adapters/care" in told[1]


def test_nothing_is_written_while_a_run_is_going(tmp_path: Path) -> None:
    folder = new_study(tmp_path / "study", TEMPLATE)
    with Lease(folder.engine, folder.study.id, "inductive-1"), pytest.raises(StudyBusy, match="inductive-1"):
        write_coders(folder, NEW)
    assert (folder.path / SETTINGS).read_text(encoding="utf-8") == TEMPLATE


def test_what_would_not_be_valid_is_not_written(tmp_path: Path) -> None:
    folder = new_study(tmp_path / "study", TEMPLATE)
    with pytest.raises(SettingsError):
        write_coders(folder, [CoderSettings(name="medoid", model="scripted:words")])
    assert (folder.path / SETTINGS).read_text(encoding="utf-8") == TEMPLATE
    assert [file.name for file in folder.path.glob(".*")] == []
