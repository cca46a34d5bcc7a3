"""WordNet, whose synonyms METEOR counts as matches: found where it was pulled to, never fetched from here."""

from __future__ import annotations

import os
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

from intercoder.core.errors import ModelError

NAME = "wordnet"
"""What `intercoder models pull` calls it."""

_MARKER = "pulled.json"
_FILES = tuple(f"{kind}.{part}" for kind in ("data", "index") for part in ("adj", "adv", "noun", "verb"))


def wordnet_folder() -> Path:
    """Where WordNet's files lie: `wordnet` in `$INTERCODER_MODELS`, or in the user's cache directory.

    Raises:
        ModelError: They have not been pulled; the remedy is the command.
    """
    import platformdirs

    chosen = os.environ.get("INTERCODER_MODELS")
    models = (
        Path(chosen).expanduser().absolute()
        if chosen
        else platformdirs.user_cache_path("intercoder", appauthor=False) / "models"
    )
    folder = models / NAME
    if not (folder / _MARKER).is_file():
        raise ModelError(
            "METEOR needs the synonyms of WordNet, which are not here.",
            where=str(folder),
            remedy=f"Run: intercoder models pull {NAME}",
        )
    return folder


def wordnet(folder: Path | None = None) -> Any:
    """WordNet as `nltk` reads it, for `meteor(..., wordnet=...)`; read once per folder.

    Args:
        folder: Any folder with WordNet's files (`data.*`, `index.*`, `*.exc`, `lexnames`); by default the
            one that was pulled.

    Raises:
        ModelError: The files are not there, or are not WordNet's.
    """
    return _read(wordnet_folder() if folder is None else folder)


@lru_cache(maxsize=2)
def _read(folder: Path) -> Any:
    import nltk.data

    missing = [name for name in _FILES if not (folder / name).is_file()]
    if missing:
        raise ModelError(
            f"The folder does not hold WordNet: {', '.join(missing)} are missing.",
            where=str(folder),
            remedy=f"Delete it, then run: intercoder models pull {NAME}",
        )
    # nltk reads nothing outside the folders that it was told of.
    if str(folder) not in nltk.data.path:
        nltk.data.path.append(str(folder))
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The multilingual functions are not available")
            return _english_reader()(str(folder), omw_reader=None)
    except (OSError, ValueError, LookupError, AssertionError) as error:
        raise ModelError(
            f"WordNet cannot be read: {error}",
            where=str(folder),
            remedy=f"Delete the folder, then run: intercoder models pull {NAME}",
        ) from error


def _english_reader() -> Any:
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    class EnglishReader(WordNetCorpusReader):  # type: ignore[misc]
        """WordNet in English alone."""

        def map_wn(self, version: str = "wordnet") -> None:
            """Skip the map to other languages, which would look for a second WordNet among nltk's own data."""

    return EnglishReader
