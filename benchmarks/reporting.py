"""Results of a benchmark: JSON beside it, a table on the screen."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def report(name: str, figures: Mapping[str, Mapping[str, float]]) -> None:
    """Write figures to `results/NAME.json` and print them."""
    import os

    RESULTS.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "processor": platform.machine(), "cores": os.cpu_count()}
    file = RESULTS / f"{name}.json"
    file.write_text(json.dumps({"benchmark": name, "machine": machine, "figures": figures}, indent=2) + "\n")
    for heading, values in figures.items():
        print(f"\n{heading}")
        for key, value in values.items():
            print(f"  {key:34} {value:12.4g}")
    print(f"\n{file}")
