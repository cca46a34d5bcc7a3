"""A study on disk, opened."""

from pathlib import Path

from intercoder.stores.study_folder import create_study, open_study


def test_a_relative_adapter_lies_in_the_study_s_folder(tmp_path: Path) -> None:
    settings = 'question = "Why?"\n[[coders]]\nname = "a"\nmodel = "embedded:tiny#adapters/expert"\n'
    create_study(tmp_path / "study", settings).close()
    opened = open_study(tmp_path / "study")
    assert opened.study.coders[0].model == f"embedded:tiny#{tmp_path / 'study' / 'adapters' / 'expert'}"
    opened.close()
