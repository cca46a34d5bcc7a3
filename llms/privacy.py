"""The privacy guard: nothing leaves this machine unless `[privacy]` in study.toml says so.

Three leaks are closed: endpoints elsewhere are refused (`check_endpoint`); variables that make libraries
send text or traffic elsewhere are switched off for the command line (`quiet_environment`); and tracing is
switched off around library use, where the environment is not ours to change (`no_tracing`).
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import NamedTuple

from intercoder.core.errors import ModelError
from intercoder.core.study import Privacy

# Deliberately narrower than what URL parsers accept: what two parsers could read as two different hosts
# (credentials, backslashes, white space, escapes in the host) does not match at all.
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[a-z0-9._~/%+,=:-]*)?",
    re.IGNORECASE | re.ASCII,
)
_LOOKS_LOCAL = ("127.", "localhost.")

_PROXIES = frozenset(
    f"{name}_PROXY" for name in ("ALL", "FTP", "GRPC", "HTTP", "HTTPS", "NO", "OPENAI", "SOCKS", "WS", "WSS")
)
_TRACING_PREFIXES = ("LANGSMITH_", "LANGCHAIN_", "OTEL_", "CHROMA_OTEL_")
_REDIRECTIONS = frozenset({"OPENAI_BASE_URL", "OPENAI_API_BASE"})
_IDENTITIES = frozenset({"OPENAI_ORG_ID", "OPENAI_ORGANIZATION", "OPENAI_PROJECT_ID"})

_NO_PROXY = {"NO_PROXY": "*", "no_proxy": "*"}
_NO_TRACING = {
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "OTEL_SDK_DISABLED": "true",
    "OTEL_TRACES_EXPORTER": "none",
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
}
_NO_HUB = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
_NO_TELEMETRY = {"ANONYMIZED_TELEMETRY": "False", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}


class Address(NamedTuple):
    """The parts of an endpoint's address that decide where a request goes."""

    scheme: str
    host: str
    """Lower case, an IPv6 address without its brackets."""
    port: int | None

    @property
    def loopback(self) -> bool:
        """Whether the host is this machine: 127.0.0.0/8, ::1 or the name localhost."""
        if self.host == "localhost":
            return True
        try:
            number = ipaddress.ip_address(self.host)
        except ValueError:
            return False
        mapped = getattr(number, "ipv4_mapped", None)
        return (mapped or number).is_loopback

    @property
    def shown(self) -> str:
        """Host and port as people write them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


def parse_address(url: str) -> Address:
    """Read an endpoint's address.

    Args:
        url: `http://host[:port][/path]` or the same with https. An IPv6 host stands in brackets.

    Raises:
        ModelError: Another scheme, a user name or password in the address, a host that only looks like this
            machine (`127.0.0.1.example.org`), or anything else that is not such an address. The error never
            repeats what might be a password.
    """
    if "@" in url:
        raise ModelError(
            "An endpoint's address must not hold a user name, a password or an @.",
            where=_without_credentials(url),
            remedy="Put the key into the environment variable that `api_key_env` names.",
        )
    parts = _ADDRESS.fullmatch(url)
    if parts is None:
        raise ModelError(
            "This is not the address of an endpoint.",
            where=url,
            remedy="Write it as http://HOST:PORT/v1 or https://HOST/v1, without a query.",
        )
    host = parts["host"].lower().strip("[]")
    port = int(parts["port"]) if parts["port"] else None
    address = Address(parts["scheme"].lower(), host, port)
    if not _plain_host(host, bracketed=parts["host"].startswith("[")):
        raise ModelError(
            "The host is not what it looks like.",
            where=url,
            remedy="Write http://127.0.0.1:PORT/v1 for this machine, or another machine's full name.",
        )
    if port is not None and not 0 < port < 65536:
        raise ModelError("The port must lie between 1 and 65535.", where=url, remedy="Mend the address.")
    return address


def check_endpoint(url: str, privacy: Privacy) -> None:
    """Refuse an endpoint that the settings do not allow.

    Args:
        url: The endpoint's address.
        privacy: The study's privacy settings.

    Raises:
        ModelError: The address is not one (see `parse_address`), or it is not on the loopback interface and
            the settings do not allow remote endpoints.
    """
    address = parse_address(url)
    if address.loopback or privacy.allow_remote:
        return
    hint = " To reach a server on this machine write 127.0.0.1." if address.host in ("0.0.0.0", "::") else ""  # noqa: S104
    raise ModelError(
        f"The endpoint {address.shown} is refused: text under study would leave this machine.",
        where=url,
        remedy=f"If that is allowed, put `allow_remote = true` under `[privacy]` in study.toml.{hint}",
    )


def quiet_environment(privacy: Privacy, environment: MutableMapping[str, str] = os.environ) -> tuple[str, ...]:
    """Switch off, for this process and its children, what would send text or traffic elsewhere.

    For the command line, once, before any library that reads its environment at import is imported. What
    `privacy` allows is left alone: proxies (`allow_proxies`), LangSmith and OpenTelemetry (`allow_tracing`),
    model hubs and account names (`allow_remote`). Usage telemetry and variables that move endpoints are
    always switched off, since a reference names its endpoint itself.

    Args:
        privacy: The study's privacy settings.
        environment: What to change; the process's own by default.

    Returns:
        Names of the variables that were set before and are now removed or changed, sorted.
    """
    wanted = dict(_NO_TELEMETRY)
    if not privacy.allow_proxies:
        wanted |= _NO_PROXY
    if not privacy.allow_tracing:
        wanted |= _NO_TRACING
    if not privacy.allow_remote:
        wanted |= _NO_HUB
    switched_off = []
    for name, value in list(environment.items()):
        if name in wanted or _leaks(name, privacy):
            if wanted.get(name) != value:
                switched_off.append(name)
            del environment[name]
    environment.update(wanted)
    _forget_cached_environment()
    return tuple(sorted(switched_off))


@contextmanager
def no_tracing(privacy: Privacy) -> Iterator[None]:
    """Keep LangSmith from recording what runs inside, whatever the environment says.

    Holds for the current task and for tasks started in it. Does nothing where `privacy.allow_tracing`.
    """
    if privacy.allow_tracing:
        yield
        return
    from langsmith import tracing_context

    with tracing_context(enabled=False):
        yield


def _leaks(name: str, privacy: Privacy) -> bool:
    upper = name.upper()
    if upper in _PROXIES:
        return not privacy.allow_proxies
    if upper.startswith(_TRACING_PREFIXES):
        return not privacy.allow_tracing
    if upper in _IDENTITIES:
        return not privacy.allow_remote
    return upper in _REDIRECTIONS


def _plain_host(host: str, *, bracketed: bool) -> bool:
    """Whether the host is a canonical IP address or a name that cannot be taken for one."""
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        # Resolvers take 127.1, 2130706433 and 0x7f000001 for IPv4 addresses: a last part that begins with a
        # digit is no name (WHATWG URL, "ends in a number").
        last = host.rsplit(".", 1)[-1]
        return not bracketed and not last[0].isdigit() and not host.startswith(_LOOKS_LOCAL)
    return bracketed == (number.version == 6)


def _without_credentials(url: str) -> str:
    return f"...@{url.rsplit('@', 1)[1]}"


def _forget_cached_environment() -> None:
    """LangSmith remembers variables it has read; make it read them again if it is already imported."""
    utils = sys.modules.get("langsmith.utils")
    for name in ("get_env_var", "get_tracer_project"):
        forget = getattr(getattr(utils, name, None), "cache_clear", None)
        if forget is not None:
            forget()
