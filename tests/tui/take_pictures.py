"""Writes every screen at three sizes: texts that the tests compare, and pictures for the guides.

`make screenshots` runs it. With a directory as argument, pictures of all sizes go there as SVG.
"""

import asyncio
import shutil
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from intercoder.stores.study_folder import open_study
from tests.tui.conftest import SIZES
from tests.tui.example import make_example
from tests.tui.pictures import SHOTS, picture

ROOT = Path(__file__).parents[2]
TEXTS = Path(__file__).with_name("screens")
PICTURES = ROOT / "docs" / "screens"
PICTURED = SIZES[1]


def main(everything: Path | None) -> None:
    """Write them."""
    with tempfile.TemporaryDirectory() as folder:
        example = Path(folder) / "example"
        make_example(example, ROOT / "examples").close()
        for shot in SHOTS:
            for size in SIZES:
                path = Path(folder) / "repair"
                shutil.copytree(example, path)
                with closing(open_study(path)) as study:
                    seen = asyncio.run(picture(study, shot, size))
                shutil.rmtree(path)
                name = f"{shot.name}-{size[0]}x{size[1]}"
                _write(TEXTS / f"{name}.txt", seen.text)
                if size == PICTURED:
                    _write(PICTURES / f"{shot.name}.svg", seen.svg)
                if everything is not None:
                    _write(everything / f"{name}.svg", seen.svg)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    print(file)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else None)
