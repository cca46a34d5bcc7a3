"""What tests of several rooms need."""

import contextlib
import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


with contextlib.suppress(ModuleNotFoundError):  # tests with vLLM have an environment of their own
    from hypothesis import HealthCheck, settings

    # The same examples each time, however slow the machine is.
    settings.register_profile(
        "anywhere", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("anywhere")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long go first, so that no worker is left with one of them at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """What was imported stays, and goes where the garbage collector, which each training runs, never looks."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """At the end it is collected after all; libraries complain of what is left."""
    gc.unfreeze()


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def interviews() -> list[Path]:
    """The bundled example."""
    return sorted((ROOT / "examples" / "interviews").glob("*.txt"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real coded data beside the checkout."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip(f"real data is not here: {folder}")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _no_remote_hub() -> Iterator[None]:
    """No test reaches a model hub, whatever the machine's environment says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "HF_HUB_OFFLINE", "1")
        yield
