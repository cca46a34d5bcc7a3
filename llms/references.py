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

LOCAL: tuple[Backend, ...] = ("embedded", "hf", "vllm")
"""Backends that load weights into this process; their models take an adapter."""

_FORMS = (
    "embedded:NAME, hf:/path/or/name, vllm:/path/or/name (each may end in #/path/to/adapter), "
    "openai:MODEL@http://127.0.0.1:8000/v1 (any OpenAI-compatible server), scripted:NAME"
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
    """Folder of a LoRA adapter that is put on the weights; empty for none."""

    def __str__(self) -> str:
        at = f"@{self.url}" if self.url else ""
        on = f"#{self.adapter}" if self.adapter else ""
        return f"{self.backend}:{self.name}{at}{on}"

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
        text: `embedded:NAME`, `hf:/path/or/name` or `vllm:/path/or/name`, each optionally followed by
            `#/path/to/adapter`; `openai:MODEL@URL` (without `@URL`: OpenAI itself; MODEL may hold slashes,
            colons and `@`), or `scripted:NAME`.

    Raises:
        ModelError: The backend is unknown (the message names the nearest), nothing follows it, or nothing
            follows the `#`; or the endpoint's address is not one.
    """
    text = text.strip()
    backend, colon, rest = text.partition(":")
    if backend not in BACKENDS or not colon:
        raise _unknown(text, backend, colon)
    if not rest:
        raise ModelError("The reference names no model.", where=text, remedy=f"References are: {_FORMS}.")
    if backend == "openai":
        return _endpoint(text, rest)
    if backend in LOCAL:
        return _local(text, backend, rest)
    return ModelReference(backend=backend, name=rest)


def _local(text: str, backend: Backend, rest: str) -> ModelReference:
    name, hash_, adapter = rest.partition("#")
    if not name or (hash_ and not adapter):
        missing = "adapter" if name else "model"
        raise ModelError(f"The reference names no {missing}.", where=text, remedy=f"References are: {_FORMS}.")
    return ModelReference(backend=backend, name=name, adapter=adapter)


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
