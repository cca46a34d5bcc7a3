"""Settings of a distillation from a file, from words and from options."""

from pathlib import Path

import pytest

from intercoder.core.errors import SettingsError
from intercoder.training.distillation.distillation_settings import DistillationSettings, read_settings


def test_options_win_over_words_and_words_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(
        "share = 0.5\nheld_out = 0.3\nseed = 4\n[classifier]\nepochs = 2\npatience = 5\n[grid]\nseeds = [7]\n",
        encoding="utf-8",
    )
    words = ["held_out=0.4", "classifier.epochs=3", "grid.shares=[0, 0.5]", "seed=5"]
    found = read_settings(file, words, {"seed": 6, "share": None, "by": "town"})
    assert (found.share, found.held_out, found.seed, found.by) == (0.5, 0.4, 6, "town")
    assert (found.classifier.epochs, found.classifier.patience) == (3, 5)
    assert (found.grid.shares, found.grid.seeds) == ((0, 0.5), (7,))
    assert read_settings(None) == DistillationSettings()


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("shar=0.5", "Did you mean `share`?"),
        ("classifier.epoch=3", "Did you mean `epochs`?"),
        ("grid.seed=[3]", "Did you mean `seeds`?"),
        ("share=1", "`share`: input should be less than 1, not 1"),
        ("classifier=3", "`classifier`"),
        ("classifier.seed=3", "give `--seed`"),
        ("classifier.epochs=inf", "`classifier.epochs`: input should be a finite number"),
        ("target=nan", "`target`"),
        ("share", "KEY=VALUE"),
        ("share=\nseed=3", "KEY=VALUE"),
        ("share=half", "KEY=VALUE"),
        ("grid.shares=[]", "`grid.shares`"),
        ("zzzz=1", "There are: share"),
    ],
)
def test_what_is_no_setting_is_told(word: str, told: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings(None, [word])
    assert told in str(raised.value)
    assert raised.value.where == "--set"
