from intercoder.cli.studies.settings_template import settings_text
from intercoder.core.agent_settings import CoderSettings, default_coders
from intercoder.core.study import Study
from intercoder.core.study_toml import parse_study


def test_the_template_says_what_holds_where_nothing_is_said() -> None:
    written = parse_study(settings_text("Why?", "scripted:words"))
    bare = Study(id=written.id, question="Why?", coders=default_coders("scripted:words"))
    assert written == bare
    assert all(isinstance(coder, CoderSettings) for coder in written.coders)
