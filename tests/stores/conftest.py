"""A study database in a temporary directory."""

from pathlib import Path

import pytest

from intercoder.stores.study_folder import StudyFolder
from tests.studies import new_study

SETTINGS = """
id = "study_test"
question = "What is said?"
[[coders]]
name = "ana"
model = "scripted:words"
[embedding]
model = "scripted:hashing"
"""


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    """An empty study."""
    return new_study(tmp_path / "study", SETTINGS)
