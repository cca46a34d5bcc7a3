"""A person codes, and the program is killed: what was on the screen is in the study."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from intercoder.core.codebook import Code
from intercoder.core.documents import Document
from intercoder.core.revisions import Revision
from intercoder.core.texts.segmentation import segment
from intercoder.stores import schema
from intercoder.stores.codebooks.revisions import newest, revise_by_hand
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.database import reading
from intercoder.stores.study_folder import create_study, open_study
from tests.stores.conftest import SETTINGS

CHILD = Path(__file__).with_name("coding_child.py")
KEYS = ("1", "space", "1", "enter")


def decisions_after(keystrokes: int) -> int:
    """How many decisions so many keystrokes make: enter gives the two other codes a no."""
    return sum(2 if KEYS[place % 4] == "enter" else 1 for place in range(keystrokes))


@pytest.mark.parametrize("strokes", [1, 10])
def test_a_kill_loses_at_most_the_keystroke_in_flight(tmp_path: Path, strokes: int) -> None:
    folder = create_study(tmp_path / "study", SETTINGS)
    document = Document(name="a", source="a", text="\n\n".join(f"Paragraph {place}." for place in range(40)))
    source = Source(name="a", sha256="a", options={}, unit="paragraph")
    import_source(
        folder.engine, folder.study.id, source, [document], lambda one: segment(one.text, "paragraph"), []
    )
    codes = [Code(id=f"c_{place}", label=f"code {place}") for place in range(3)]
    revise_by_hand(folder.engine, folder.study.id, [Revision(kind="add", after=(code,)) for code in codes], "ana")
    folder.close()
    command = [sys.executable, str(CHILD), str(tmp_path / "study"), "ana"]
    said = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            said = int(line)
            if said == strokes:
                break
        os.kill(child.pid, signal.SIGKILL)
        later = child.stdout.read().split()
    said = int(later[-1]) if later and later[-1].isdecimal() else said
    folder = open_study(tmp_path / "study")
    with reading(folder.engine) as connection:
        rows = connection.execute(
            sa.select(schema.decisions).where(schema.decisions.c.role == "human", schema.decisions.c.coder == "ana")
        ).all()
        assert len(newest(connection, folder.study.id).codes) == 3
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    assert said >= strokes
    assert decisions_after(said) <= len(rows) <= decisions_after(said + 1)
    folder.close()
