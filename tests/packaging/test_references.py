"""What is named in docstrings and guides is where they say."""

import re
from importlib import import_module
from pathlib import Path

from tests.conftest import ROOT

NAMED = re.compile(
    r"`(?:intercoder\.)?((?:core|formats|llms|stores|agents|graphs|training|evals|tui|cli)(?:\.[a-z_]\w*)+(?:\.\w+)?)[`(]"
)


def resolves(name: str) -> bool:
    """Whether the first parts are a module, and the rest names in it."""
    module, *rest = name.split(".")
    found = import_module(f"intercoder.{module}")
    while rest:
        module = f"{module}.{rest[0]}"
        try:
            found = import_module(f"intercoder.{module}")
        except ModuleNotFoundError:
            break
        rest = rest[1:]
    for part in rest:
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return True


def test_every_function_that_a_docstring_or_a_guide_names_is_there() -> None:
    files = [path for path in ROOT.glob("[!.]*/**/*") if path.suffix in (".py", ".md")]
    files += ROOT.glob("*.md")
    named = {(path.relative_to(ROOT), name) for path in files for name in NAMED.findall(read(path))}
    assert len(named) > 20
    assert sorted(f"{path}: {name}" for path, name in named if not resolves(name)) == []


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
