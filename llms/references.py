"""References: how study.toml and the command line name a model, as one string."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from typing import Literal, TypeAlias, get_args

from intercoder.core.errors import ModelError
from intercoder.core.record import Record
from intercoder.llms.privacy import Address, parse_address

Backend: TypeAlias = Literal["embedded", "hf", "openai", "vllm", "scripted", "classifier"]

BACKENDS: tuple[Backend, ...] = get_args(Backend)
OPENAI_URL = "https://api.openai.com/v1"
"""Where `openai:MODEL` goes when it names no address."""
_OPENAI_HOST = "api.openai.com"

LOCAL: tuple[Backend, ...] = ("embedded", "hf", "vllm")
"""Backends that load weights into this process; their models take an adapter."""

_FORMS = (
    "embedded:NAME, hf:/path/or/name, vllm:/path/or/name (each may end in #/path/to/adapter), "
    "openai:MODEL@http://127.0.0.1:8000/v1 (any OpenAI-compatible server; several addresses with | between "
    "them), classifier:NAME (a study's own, for [[deductive.coders]]), scripted:NAME"
)
_WITH_ADDRESS = re.compile(r"(?P<name>.*?)@(?P<url>[A-Za-z][A-Za-z0-9+.-]*://.*)", re.DOTALL)


class ModelReference(Record):
    """A model, and where it runs."""

    backend: Backend
    name: str
    """Name in the catalogue, folder or hub name, model name at the endpoint, script, or a study's classifier."""
    urls: tuple[str, ...] = ()
    """Addresses of the endpoint's servers, without a final slash; none for models that run in this process."""
    adapter: str = ""
    """Folder of a LoRA adapter that is put on the weights; empty for none."""

    def __str__(self) -> str:
        at = f"@{'|'.join(self.urls)}" if self.urls else ""
        on = f"#{self.adapter}" if self.adapter else ""
        return f"{self.backend}:{self.name}{at}{on}"

    @property
    def anywhere(self) -> str:
        """The name of an endpoint's model without its servers, under which answers of several are kept."""
        return f"{self.backend}:{self.name}@*"

    @property
    def url(self) -> str:
        """The first address; empty for models that run in this process."""
        return self.urls[0] if self.urls else ""

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where the endpoint's servers are; none for models that run in this process."""
        return tuple(parse_address(url) for url in self.urls)

    @property
    def official(self) -> bool:
        """Whether it is served by OpenAI itself, however the address is written."""
        return any(address.host == _OPENAI_HOST for address in self.addresses)

    @property
    def location(self) -> str:
        """Where text sent to the model goes: `this machine`, or the host and port of each server."""
        here = [address.shown for address in self.addresses if address.loopback]
        there = [address.shown for address in self.addresses if not address.loopback]
        if here or not there:
            there.insert(0, f"this machine ({', '.join(here)})" if here else "this machine")
        return ", ".join(there)

    @property
    def remote(self) -> bool:
        """Whether text sent to the model leaves this machine; one server elsewhere is enough."""
        return any(not address.loopback for address in self.addresses)


def parse_reference(text: str) -> ModelReference:
    """Read a reference.

    Args:
        text: `embedded:NAME`, `hf:/path/or/name` or `vllm:/path/or/name`, each optionally followed by
            `#/path/to/adapter`; `openai:MODEL@URL` (without `@URL`: OpenAI itself; MODEL may hold slashes,
            colons and `@`), `openai:MODEL@URL|URL` for several servers of one model, `classifier:NAME`, or
            `scripted:NAME`.

    Raises:
        ModelError: The backend is unknown (the message names the nearest), nothing follows it, or nothing
            follows the `#`; or an address of the endpoint is not one, or stands there twice.
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


def same_model(one: str, other: str) -> bool:
    """Whether two references name one model, so that answers of the one hold for the other.

    Whoever names several servers says that the model is the same wherever it is served; from then on its name
    decides, and servers may come, go and change places. Of two references with a single address each, another
    address is another model.
    """
    if one == other:
        return True
    first, second = parse_reference(one), parse_reference(other)
    shared = len(first.urls) > 1 or len(second.urls) > 1
    official = first.official or second.official
    return shared and not official and (first.backend, first.name) == (second.backend, second.name)


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
    urls = tuple(one.strip().rstrip("/") for one in url.split("|"))
    for one in urls:
        parse_address(one)
    if not name:
        raise ModelError("The reference names no model.", where=text, remedy=f"References are: {_FORMS}.")
    found = ModelReference(backend="openai", name=name, urls=urls)
    if len(urls) > 1:
        _check_servers(text, found)
    return found


def _check_servers(text: str, found: ModelReference) -> None:
    twice = [url for url, times in Counter(url.lower() for url in found.urls).items() if times > 1]
    if twice:
        raise ModelError(f"The reference names {twice[0]} twice.", where=text, remedy="Name each server once.")
    if found.official:
        raise ModelError(
            "OpenAI itself cannot be one of several servers.",
            where=text,
            remedy="Name servers that all serve the same model.",
        )


def _unknown(text: str, backend: str, colon: str) -> ModelError:
    near = difflib.get_close_matches(backend.lower(), BACKENDS, n=1, cutoff=0.5)
    guess = f"Did you mean `{near[0]}:`? " if near else ""
    problem = f"There is no backend `{backend}`." if colon else "A reference begins with its backend."
    return ModelError(problem, where=text or "model", remedy=f"{guess}References are: {_FORMS}.")
