"""References: how study.toml and the command line name a model, as one string."""

from __future__ import annotations

import difflib
import re
from typing import Literal, TypeAlias, get_args

from intercoder.core.errors import ModelError
from intercoder.core.record import Record
from intercoder.llms.privacy import Address, parse_address

Backend: TypeAlias = Literal["embedded", "hf", "openai", "vllm", "scripted"]

BACKENDS: tuple[Backend, ...] = get_args(Backend)
OPENAI_URL = "https://api.openai.com/v1"
"""Where `openai:MODEL` goes when it names no address."""

_FORMS = (
    "embedded:NAME, hf:/path/or/name, openai:MODEL@http://127.0.0.1:8000/v1 (any OpenAI-compatible server), "
    "scripted:NAME"
)
_WITH_ADDRESS = re.compile(r"(?P<name>.*?)@(?P<url>[A-Za-z][A-Za-z0-9+.-]*://.*)", re.DOTALL)


class ModelReference(Record):
    """A model, and where it runs."""

    backend: Backend
    name: str
    """Name in the catalogue, folder or hub name, model name at the endpoint, or script."""
    url: str = ""
    """Address of the endpoint, without a final slash; empty for models that run in this process."""
    adapter: str = ""
    """Adapter loaded on top of the weights; no backend takes one yet."""

    def __str__(self) -> str:
        at = f"@{self.url}" if self.url else ""
        return f"{self.backend}:{self.name}{at}"

    @property
    def address(self) -> Address | None:
        """The endpoint's address; None for models that run in this process."""
        return parse_address(self.url) if self.url else None

    @property
    def location(self) -> str:
        """Where text sent to the model goes: `this machine`, or the endpoint's host and port."""
        address = self.address
        if address is None:
            return "this machine"
        return f"this machine ({address.shown})" if address.loopback else address.shown

    @property
    def remote(self) -> bool:
        """Whether text sent to the model leaves this machine."""
        return self.address is not None and not self.address.loopback


def parse_reference(text: str) -> ModelReference:
    """Read a reference.

    Args:
        text: `embedded:NAME`, `hf:/path/or/name`, `openai:MODEL@URL` (without `@URL`: OpenAI itself; MODEL
            may hold slashes, colons and `@`), or `scripted:NAME`.

    Raises:
        ModelError: The backend is unknown (the message names the nearest), reserved, or nothing follows it;
            or the endpoint's address is not one.
    """
    text = text.strip()
    backend, colon, rest = text.partition(":")
    if backend not in BACKENDS or not colon:
        raise _unknown(text, backend, colon)
    if backend == "vllm":
        raise ModelError(
            "This version does not run vLLM inside its own process yet.",
            where=text,
            remedy=f"Start `vllm serve {rest or 'MODEL'}` and write "
            f"openai:{rest or 'MODEL'}@http://127.0.0.1:8000/v1.",
        )
    if not rest:
        raise ModelError("The reference names no model.", where=text, remedy=f"References are: {_FORMS}.")
    if backend == "openai":
        return _endpoint(text, rest)
    return ModelReference(backend=backend, name=rest)


def _endpoint(text: str, rest: str) -> ModelReference:
    parts = _WITH_ADDRESS.fullmatch(rest)
    if parts is None and "@" in rest:
        # Without this, a forgotten http:// would turn an address on this machine into a model at OpenAI.
        raise ModelError(
            "What follows the @ is not the address of an endpoint.",
            where=f"openai:{rest.partition('@')[0]}@...",
            remedy="Write it with http:// or https:// in front.",
        )
    name, url = (parts["name"], parts["url"]) if parts else (rest, OPENAI_URL)
    url = url.rstrip("/")
    parse_address(url)
    if not name:
        raise ModelError("The reference names no model.", where=text, remedy=f"References are: {_FORMS}.")
    return ModelReference(backend="openai", name=name, url=url)


def _unknown(text: str, backend: str, colon: str) -> ModelError:
    near = difflib.get_close_matches(backend.lower(), BACKENDS, n=1, cutoff=0.5)
    guess = f"Did you mean `{near[0]}:`? " if near else ""
    problem = f"There is no backend `{backend}`." if colon else "A reference begins with its backend."
    return ModelError(problem, where=text or "model", remedy=f"{guess}References are: {_FORMS}.")
