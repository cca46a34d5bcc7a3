"""Opening Chroma, in a folder or at a server, and telling what goes wrong there.

Chroma's telemetry is off, its default embedding (which downloads a model) is never used, and a server is
reached directly, whatever proxies the environment names.
"""

from __future__ import annotations

import json
import os
import re
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from intercoder.core.errors import StudyError

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.config import Settings

MARK = "writing"
"""File in the folder while Chroma may be writing."""
SAVED = "index_metadata.pickle"
"""File beside an index that was saved; before the first time there is nothing to lose but rows of SQLite."""
SECONDS = 60.0
"""How long a server may keep a request waiting."""
_NOT_BROKEN = re.compile(r"\(code: (5|6|8|10|13|14)\)")
"""SQLite: busy, locked, read-only, input/output error, full, cannot open. The folder itself may be sound."""
_environment = threading.Lock()


def open_folder(folder: Path) -> Client:
    """Open the Chroma database in a folder, made if it is not there.

    Raises:
        StudyError: The folder cannot be read or written, or what it holds is or may be broken.
    """
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient

    path = str(folder.absolute())
    if _killed_in_writing(folder):
        raise StudyError(
            "the code memory was being written when its process was killed.",
            where=path,
            remedy="Delete the folder: nothing is lost, it is filled again.",
        )
    try:
        with explained(path):
            return cast("Client", chromadb.PersistentClient(path, settings=_settings()))
    except StudyError:
        SharedSystemClient.clear_system_cache()  # else the path is never tried again
        raise


def open_server(url: str) -> Client:
    """Connect to a Chroma server; the caller has checked that the host is allowed.

    Args:
        url: `http://host[:port]` or `https://host[:port]`, by default Chroma's port 8000 and 443. A path is not
            looked at: Chroma servers are at the root.

    Raises:
        StudyError: Nothing answers there, or what answers is no Chroma server.
    """
    import chromadb

    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 8000)
    _knock(url, f"{parts.scheme}://{host}:{port}/api/v2/heartbeat")
    with explained(url), _no_proxies():
        client = chromadb.HttpClient(host=host, port=port, ssl=secure, settings=_settings())
    client._server._session.timeout = SECONDS  # type: ignore[attr-defined]  # Chroma sets none
    return cast("Client", client)


def place(client: Client) -> str:
    """Where a client keeps its data: a folder, or a server's address."""
    settings = client.get_settings()
    if not settings.chroma_server_host:
        return str(settings.persist_directory)
    scheme = "https" if settings.chroma_server_ssl_enabled else "http"
    return f"{scheme}://{settings.chroma_server_host}:{settings.chroma_server_http_port}"


@contextmanager
def marked(client: Client) -> Iterator[None]:
    """Leave a mark in a folder while Chroma may write its index there.

    The index is not saved atomically, and half of one makes Chroma crash the whole process. So a folder whose
    writer was killed with the mark set is not opened again (`open_folder`).
    """
    settings = client.get_settings()
    if not settings.is_persistent:
        yield
        return
    mark = Path(settings.persist_directory) / MARK
    with explained(str(settings.persist_directory)):
        mark.write_text(_this_process(), encoding="ascii")
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn what Chroma or the way to its server raises into a StudyError with the place and the remedy."""
    import httpx
    from chromadb.errors import ChromaError

    try:
        yield
    except StudyError:
        raise
    except (ChromaError, httpx.HTTPError, OSError, json.JSONDecodeError) as error:
        raise _unusable(where, error) from error
    except Exception as error:
        if type(error) is Exception or "Could not connect" in str(error):  # Chroma's client says no more
            raise _unusable(where, error) from error
        raise


def broken(error: StudyError) -> bool:
    """Whether the data are damaged, rather than in use, out of reach or on a full disk."""
    return _NOT_BROKEN.search(str(error.__cause__)) is None and not isinstance(error.__cause__, OSError)


def _killed_in_writing(folder: Path) -> bool:
    """Whether another process, which is no more, left its mark beside an index."""
    mark = folder / MARK
    try:
        writer = mark.read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    except (OSError, UnicodeDecodeError):
        writer = ""
    return writer != _this_process() and any(folder.glob(f"*/{SAVED}"))


def _this_process() -> str:
    """Process id and start: an id alone is used again."""
    import psutil

    return f"{os.getpid()} {psutil.Process().create_time()}"


def _unusable(where: str, error: Exception) -> StudyError:
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    if "://" in where:
        return StudyError(
            f"the Chroma server cannot be used: {reason}.",
            where=where,
            remedy="Start it (`chroma run --path FOLDER --port PORT`) or take `memory.url` out of study.toml.",
        )
    return StudyError(
        f"the code memory cannot be used: {reason}.",
        where=where,
        remedy="See that the folder can be written and the disk is not full; deleting it loses nothing.",
    )


def _settings() -> Settings:
    from chromadb.config import Settings

    # A .env file in the working directory may come with somebody's data: it must not redirect anything.
    return Settings(_env_file=None, anonymized_telemetry=False, chroma_otel_collection_endpoint="")


def _knock(url: str, heartbeat: str) -> None:
    """See that a Chroma server answers in time: its own client would wait for ever."""
    import httpx

    with explained(url), httpx.Client(trust_env=False, timeout=SECONDS) as client:
        answer = client.get(heartbeat)
    if answer.status_code != 200 or "nanosecond heartbeat" not in answer.text:
        raise StudyError(
            f"what answers here is no Chroma server (HTTP {answer.status_code}).",
            where=url,
            remedy="Mend `memory.url` in study.toml.",
        )


@contextmanager
def _no_proxies() -> Iterator[None]:
    """Hide proxies while Chroma makes its HTTP sessions: they read the environment once, when they are made."""
    if not urllib.request.getproxies():
        yield
        return
    with _environment:
        kept = {name: os.environ.get(name) for name in ("no_proxy", "NO_PROXY")}
        os.environ.update(dict.fromkeys(kept, "*"))
        try:
            yield
        finally:
            for name, value in kept.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
