"""Numbers computed by other implementations, beside the checkout."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GOLDEN = Path(__file__).parents[3] / "shared" / "golden"


@pytest.fixture(scope="session")
def golden() -> Callable[[str], Any]:
    """Reads one golden file by its name."""
    if not GOLDEN.is_dir():
        pytest.skip(f"golden numbers are not here: {GOLDEN}")
    return lambda name: json.loads((GOLDEN / name).read_text(encoding="utf-8"))
