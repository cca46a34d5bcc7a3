"""Settings that cannot be meant."""

import pytest
from pydantic import ValidationError

from intercoder.core.deductive_settings import Deduction, DeductiveCoderSettings, DeductiveModerator


@pytest.mark.parametrize("name", ["pattern", "final"])
def test_names_that_mark_something_else_are_no_coders(name: str) -> None:
    with pytest.raises(ValidationError, match=f'"{name}" cannot be a name'):
        Deduction(coders=(DeductiveCoderSettings(name=name),))
    with pytest.raises(ValidationError, match=f'"{name}" cannot be a name'):
        Deduction(moderator=DeductiveModerator(name=name))
