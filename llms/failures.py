"""What went wrong with a call: does it concern this one request, or does the endpoint answer nobody?"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from typing import Literal, TypeAlias

from langchain_core import exceptions as langchain
from langchain_core.language_models.chat_models import BaseChatModel
from pydantic import SecretStr

from intercoder.core.errors import EndpointStopped, IntercoderError
from intercoder.llms.privacy import parse_address

FailureKind: TypeAlias = Literal["timeout", "refused", "error", "too_long"]

MESSAGE_LENGTH = 200
"""Most characters of a server's own words that a message repeats."""

_KEY_REFUSED = (401, 403)
_REQUEST_REFUSED = (400, 413, 422)
_CONTEXT = re.compile(r"context (length|window|size)|too many tokens|(prompt|input) is too long", re.IGNORECASE)
"""What servers say of a request beyond the model's context; LangChain knows only some of it."""
_UNREACHABLE_NAMES = frozenset({"ConnectError", "ConnectTimeout", "ProxyError", "UnsupportedProtocol"})
"""Errors of the HTTP library below the SDK, of which there are two with the same names."""
_MISSHAPEN = (ValueError, TypeError, LookupError, AttributeError)
"""What LangChain raises over a reply that is not JSON, or JSON of another shape."""
_SPENT = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
"""Codes of a 429 that no waiting mends."""


class CallFailed(Exception):
    """A call that brought no usable reply. It concerns this request only; others may go on.

    Args:
        kind: `timeout`, `refused` (content it will not answer to), `too_long` (a prompt that does not fit into the
            model's context, or a reply beyond all bounds) or `error` (anything else).
        message: One line for people.
        text: What there is of the reply; set for a reply that is `too_long`.
        input_tokens: Tokens the model read, where a reply came that says so.
        output_tokens: Tokens it wrote.
    """

    def __init__(
        self, kind: FailureKind, message: str, text: str = "", *, input_tokens: int = 0, output_tokens: int = 0
    ) -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.message = message
        self.text = text
        self.input_tokens = input_tokens
        self.output_tokens = output_tokens


def sort_failure(error: Exception, model: BaseChatModel) -> CallFailed | IntercoderError:
    """Sort what a model raised.

    Args:
        error: Any exception from the model. LangChain's own classes and `status_code` attributes are
            understood, so models of other providers are sorted too.
        model: The model that raised it.

    Returns:
        `EndpointStopped` where nobody would get an answer: unreachable, redirecting, refusing the key,
        without credit, or without the model. An `IntercoderError` as it came. Else `CallFailed`. No message
        holds the endpoint's key.
    """
    if isinstance(error, langchain.ContextOverflowError):
        return _too_long(_words(error, model))
    if isinstance(error, CallFailed | IntercoderError):
        return error
    return _stopped(error, model) or _failed(error, model)


def _stopped(error: Exception, model: BaseChatModel) -> EndpointStopped | None:
    status = _status(error)
    place = _answering(error, model)
    if status in _KEY_REFUSED or isinstance(
        error, langchain.ModelAuthenticationError | langchain.ModelPermissionDeniedError
    ):
        return EndpointStopped(
            "The endpoint refuses the key.",
            where=place,
            remedy="Put a valid key into the environment variable that `api_key_env` names, then resume.",
        )
    if status == 404 or isinstance(error, langchain.ModelNotFoundError):
        return EndpointStopped(
            f'The endpoint has no such model or path: "{_words(error, model)}".',
            where=place,
            remedy="Check the model's name, and that the address ends as the server wants it (mostly in /v1).",
        )
    if status is not None and 300 <= status < 400:
        return EndpointStopped(
            "The endpoint sends requests on to another address, which is not followed.",
            where=place,
            remedy="Write the address it should be asked at into the model's reference.",
        )
    if _code(error) in _SPENT:
        return EndpointStopped(
            "The endpoint says the account's credit is used up.",
            where=place,
            remedy="Add credit or name another model, then resume.",
        )
    if any(_unreachable(cause) for cause in _chain(error)):
        several = len(_servers(model)) > 1
        return EndpointStopped(
            "None of the servers can be reached." if several else "The endpoint cannot be reached.",
            where=endpoint_of(model),
            remedy="Start one of them or check the addresses, then resume."
            if several
            else "Start the server or check the address, then resume.",
        )
    return None


def _failed(error: Exception, model: BaseChatModel) -> CallFailed:
    status = _status(error)
    words = _words(error, model)
    if isinstance(error, langchain.ModelTimeoutError | TimeoutError):
        return CallFailed("timeout", "There was no answer in time (`timeout` under `[limits]`).")
    if status in _REQUEST_REFUSED and _CONTEXT.search(words):
        return _too_long(words)
    if status in _REQUEST_REFUSED or isinstance(error, langchain.ModelInvalidRequestError):
        return CallFailed("refused", f'The endpoint refused the request: "{words}".')
    if status is not None:
        who = _answering(error, model) if _servers(model) else "The endpoint"
        return CallFailed("error", f'{who} answered {status}: "{words}".')
    if isinstance(error, langchain.ModelConnectionError | ConnectionError):
        return CallFailed("error", "The connection to the endpoint broke off.")
    if hasattr(model, "openai_api_base") and isinstance(error, _MISSHAPEN):
        return CallFailed(
            "error", f"The endpoint's answer is not a chat completion ({type(error).__name__}: {words})"
        )
    return CallFailed("error", f"{type(error).__name__}: {words}")


def _too_long(words: str) -> CallFailed:
    """The server's words name both sizes."""
    remedy = "Serve it with a longer context, cut shorter segments or show fewer worked examples (`shots`)."
    return CallFailed("too_long", f'The request is too long for the model: "{words}". {remedy}')


def endpoint_of(model: BaseChatModel) -> str:
    """Host and port of the servers that a model asks, or the model's class where it names none."""
    if servers := _servers(model):
        return ", ".join(servers)
    url = getattr(model, "openai_api_base", None)
    if not isinstance(url, str) or not url:
        return type(model).__name__
    try:
        return parse_address(url).shown
    except IntercoderError:
        return type(model).__name__


def _servers(model: BaseChatModel) -> tuple[str, ...]:
    """Hosts and ports of the servers among which requests are shared out; none where there is one."""
    servers: tuple[str, ...] = getattr(getattr(model, "http_async_client", None), "servers", ())
    return servers


def _answering(error: Exception, model: BaseChatModel) -> str:
    """Host and port of the server that an answer came from, or of all where that cannot be told."""
    if not _servers(model):
        return endpoint_of(model)
    try:
        asked = getattr(getattr(error, "request", None), "url", None)
    except RuntimeError:  # the HTTP library's errors refuse to tell where nobody set it
        asked = None
    return endpoint_of(model) if asked is None else parse_address(str(asked)).shown


def _status(error: Exception) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _code(error: Exception) -> str:
    body = getattr(error, "body", None)
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, str) else ""


def _words(error: Exception, model: BaseChatModel) -> str:
    """The server's or exception's own words on one line, cut, without the key."""
    body = getattr(error, "body", None)
    said = body.get("message") if isinstance(body, dict) else None
    words = " ".join((said if isinstance(said, str) else str(error)).split()) or "no explanation"
    key = getattr(model, "openai_api_key", None)
    secret = key.get_secret_value() if isinstance(key, SecretStr) else ""
    if secret:
        words = words.replace(secret, "[key]")
    words = words.rstrip(".")
    return words if len(words) <= MESSAGE_LENGTH else f"{words[:MESSAGE_LENGTH]}..."


def _chain(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _unreachable(error: BaseException) -> bool:
    if isinstance(error, ConnectionRefusedError | socket.gaierror | ssl.SSLError):
        return True
    return type(error).__name__ in _UNREACHABLE_NAMES
