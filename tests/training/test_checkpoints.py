"""The folder in which something is trained."""

from pathlib import Path

import pytest

from intercoder.core.errors import InputError
from intercoder.training.checkpoints import Workplace


def test_what_was_begun_with_other_settings_is_in_the_way_once_something_was_trained(tmp_path: Path) -> None:
    with Workplace(tmp_path / "mine") as workplace:
        workplace.take_up("first", new=False)
        workplace.take_up("second", new=False)
        assert workplace.begun("second")
        workplace.at(10).mkdir()
        with pytest.raises(InputError, match="begun here and not ended"):
            workplace.take_up("third", new=False)
        assert workplace.begun("second")
        assert workplace.at(10).is_dir()


def test_the_same_training_is_gone_on_with(tmp_path: Path) -> None:
    with Workplace(tmp_path / "mine") as workplace:
        job = workplace.take_up("first", new=False)
        workplace.keep(job.model_copy(update={"before": 1.5}))
    with Workplace(tmp_path / "mine") as workplace:
        assert workplace.take_up("first", new=False).before == 1.5
