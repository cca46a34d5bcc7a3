"""Chat models behind OpenAI-compatible servers: vLLM, Ollama, llama.cpp, LM Studio, OpenAI itself."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from langchain_openai import ChatOpenAI
from langchain_openai.chat_models.base import BaseChatOpenAI
from pydantic import SecretStr

from intercoder.core.agent_settings import Sampling
from intercoder.core.study import Limits, Privacy
from intercoder.llms.endpoints.connections import (
    BlockingClient,
    ConnectionSettings,
    EndpointClient,
    request_timeout,
)
from intercoder.llms.endpoints.keys import endpoint_key
from intercoder.llms.privacy import check_endpoint
from intercoder.llms.references import OPENAI_URL, ModelReference


def openai_chat(
    reference: ModelReference, sampling: Sampling, limits: Limits, privacy: Privacy, api_key_env: str
) -> BaseChatOpenAI:
    """A chat model at an endpoint.

    Retries after 429, 5xx and broken connections are the SDK's own, which waits as long as `Retry-After`
    says; before it comes to that, a request goes to each of the endpoint's other servers. Replies are never
    streamed, and LangChain's global cache is not asked.

    Args:
        reference: A reference of backend `openai`.
        sampling: What the model draws with when a call does not say.
        limits: Concurrency, timeout and retries.
        privacy: What may leave this machine.
        api_key_env: Name of the environment variable that holds the key.

    Returns:
        `ChatOpenAI` for OpenAI itself. For other servers its base class, which is the same but sends the
        token limit as `max_tokens`: Ollama, LM Studio and older llama.cpp servers do not know the newer
        name, and would answer without limit.

    Raises:
        ModelError: The endpoint is refused by the privacy settings, or it is remote and the key is not set.
    """
    for url in reference.urls:
        check_endpoint(url, privacy)
    key = endpoint_key(reference, api_key_env)
    connections = ConnectionSettings(
        concurrency=limits.concurrency,
        timeout=limits.timeout,
        proxies=privacy.allow_proxies,
        tls=any(url.lower().startswith("https:") for url in reference.urls),
        again=limits.retries > 0,
    )
    servers = reference.urls if len(reference.urls) > 1 else ()
    asynchronous, blocking = _clients(_origin(reference.url), servers, connections)
    official = reference.url == OPENAI_URL
    model: BaseChatOpenAI = (ChatOpenAI if official else BaseChatOpenAI)(
        model=reference.name,
        base_url=reference.url,
        api_key=SecretStr(key),
        http_async_client=asynchronous,
        http_client=blocking,
        timeout=request_timeout(connections),
        max_retries=limits.retries,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_tokens=sampling.max_tokens,
        cache=False,
        disable_streaming=True,
        stream_usage=False,
        http_socket_options=(),
        # Named so that variables of the environment cannot choose them.
        openai_proxy=None,
        use_responses_api=False,
        output_version="v0",
    )
    if not official:
        _forget_account(model)
    elif not (model.profile or {}).get("temperature", True):
        # OpenAI's reasoning models refuse a request that sets these.
        model.temperature = model.top_p = None
        model.disabled_params = {"temperature": None, "top_p": None}
    return model


@lru_cache(maxsize=64)
def _clients(
    origin: str, servers: tuple[str, ...], connections: ConnectionSettings
) -> tuple[EndpointClient, BlockingClient]:
    """The HTTP clients of one server, or of several, shared by all models of this process that ask there."""
    return EndpointClient(connections, servers), BlockingClient(connections, servers)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _forget_account(model: BaseChatOpenAI) -> None:
    """Do not tell a server that is not OpenAI which OpenAI account the environment names."""
    model.openai_organization = None
    for client in (model.root_client, model.root_async_client):
        client.organization = None
        client.project = None
