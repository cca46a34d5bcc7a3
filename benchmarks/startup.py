"""Start-up: wall time of `intercoder --help`, beside a bare interpreter, median of several processes.

python benchmarks/startup.py [--times 15]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.reporting import report

HEAVY = ("torch", "chromadb", "textual", "transformers", "langchain_core", "langgraph", "sqlalchemy", "pydantic")
LOADED = "import sys, intercoder.cli.main; print([m for m in {heavy!r} if m in sys.modules])"


def seconds(command: list[str], times: int) -> float:
    """Median wall time of a command."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def main() -> None:
    """Measure and report."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--times", type=int, default=15)
    times = arguments.parse_args().times
    loaded = subprocess.run(
        [sys.executable, "-c", LOADED.format(heavy=HEAVY)], check=True, capture_output=True, text=True
    )
    print(f"heavy modules that the command line imports before a command runs: {loaded.stdout.strip()}")
    command = str(Path(sys.executable).with_name("intercoder"))
    figures = {
        "help_seconds": seconds([command, "--help"], times),
        "bare_interpreter_seconds": seconds([sys.executable, "-c", ""], times),
    }
    report("startup", {"wall time": figures})


if __name__ == "__main__":
    main()
