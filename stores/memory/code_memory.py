"""Where the codes assigned so far are found again: in a folder, at a Chroma server, or in this process."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from intercoder.core.errors import StudyError
from intercoder.stores.memory.chroma_client import broken, explained, open_folder, open_server, place
from intercoder.stores.memory.chroma_memory import ChromaCodeMemory
from intercoder.stores.memory.exact_memory import ExactCodeMemory

if TYPE_CHECKING:
    from chromadb.api.client import Client

__all__ = ["ChromaCodeMemory", "ExactCodeMemory", "open_memory"]

FOLDER = "chroma"
"""Folder of the database inside the memory's own, where other things that can be rebuilt lie too."""


def open_memory(
    location: Path | str,
    *,
    study_id: str,
    run_id: str,
    round: int,
    owner: str,
) -> ChromaCodeMemory:
    """Open the code memory of one round of a run.

    A folder belongs to one study and can be rebuilt, so whatever is wrong with it is put right: what another
    study left there is dropped, and a broken database is set aside as `chroma.broken`, an older one of that
    name replaced. The memory is then empty or short, and the caller adds the codes that the study store has.

    Args:
        location: A folder, or the URL of a Chroma server whose host the caller has found allowed.
        study_id: The study.
        run_id: The run.
        round: Its round.
        owner: A token that the study's database alone knows.

    Raises:
        StudyError: The folder cannot be written, the server cannot be used, or another study of this id keeps
            its codes on the server.
    """
    if isinstance(location, str) and location.startswith(("http://", "https://")):
        return _open(open_server(location), study_id, run_id, round, owner)
    folder = Path(location) / FOLDER
    try:
        return _open_own(folder, study_id, run_id, round, owner)
    except StudyError as error:
        if not broken(error):
            raise
    _set_aside(folder)
    return _open_own(folder, study_id, run_id, round, owner)


def _open_own(folder: Path, study_id: str, run_id: str, round: int, owner: str) -> ChromaCodeMemory:
    client = open_folder(folder)
    try:
        _drop_foreign(client, owner)
    except BaseException:
        client.close()
        raise
    return _open(client, study_id, run_id, round, owner)


def _open(client: Client, study_id: str, run_id: str, round: int, owner: str) -> ChromaCodeMemory:
    try:
        return ChromaCodeMemory(client, study_id=study_id, run_id=run_id, round=round, owner=owner)
    except BaseException:
        client.close()
        raise


def _drop_foreign(client: Client, owner: str) -> None:
    """Drop what another study left in this study's folder."""
    with explained(place(client)):
        for collection in client.list_collections():
            if (collection.metadata or {}).get("owner") != owner:
                client.delete_collection(collection.name)


def _set_aside(folder: Path) -> None:
    aside = folder.with_name(f"{folder.name}.broken")
    with explained(str(folder)):
        if aside.is_dir():
            shutil.rmtree(aside)
        folder.rename(aside)
