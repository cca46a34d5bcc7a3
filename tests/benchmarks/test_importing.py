"""Every benchmark can at least be begun."""

from importlib import import_module

import pytest

from tests.conftest import ROOT

BENCHMARKS = sorted(file.stem for file in (ROOT / "benchmarks").glob("[!_]*.py"))


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_finds_what_it_imports(name: str) -> None:
    assert import_module(f"benchmarks.{name}").__doc__
