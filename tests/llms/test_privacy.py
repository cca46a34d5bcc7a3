import os
from typing import Any, cast

import pytest
from langsmith.utils import get_env_var, tracing_is_enabled

from intercoder.core.errors import ModelError
from intercoder.core.study import Privacy
from intercoder.llms.privacy import check_endpoint, no_tracing, parse_address, quiet_environment


def forget_environment() -> None:
    """LangSmith remembers the variables it has read."""
    cast(Any, get_env_var).cache_clear()


OPEN = Privacy(allow_remote=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/v1",
        "http://127.9.8.7/v1",
        "http://localhost:1234/v1",
        "HTTP://LocalHost/v1",
        "https://[::1]:8000/v1",
        "http://[::ffff:127.0.0.1]:8000/v1",
        "http://127.0.0.1",
    ],
)
def test_endpoints_on_this_machine_are_allowed(url: str) -> None:
    check_endpoint(url, Privacy())


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1",
        "http://192.168.1.4:8000/v1",
        "http://10.0.0.1/v1",
        "http://128.0.0.1/v1",
        "http://[2001:db8::1]:8000/v1",
        "http://[::ffff:10.0.0.1]/v1",
        "http://node12:8000/v1",
        "http://localhost.example.org.evil/v1",
        "http://my-localhost/v1",
        "http://0.0.0.0:8000/v1",
        "http://[::]:8000/v1",
    ],
)
def test_endpoints_elsewhere_are_refused_until_allowed(url: str) -> None:
    with pytest.raises(ModelError) as caught:
        check_endpoint(url, Privacy())
    if "localhost.example" not in url:
        assert "allow_remote = true" in caught.value.remedy
        check_endpoint(url, OPEN)


PERSON = "must not hold a user name"
DISGUISED = "The host is not what it looks like"
NO_ADDRESS = "This is not the address of an endpoint"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://127.0.0.1@evil.example/v1", PERSON),
        ("http://user:pass@127.0.0.1/v1", PERSON),
        ("http://127.0.0.1.evil.example/v1", DISGUISED),
        ("http://localhost.evil.example/v1", DISGUISED),
        ("http://evil.example\\@127.0.0.1/v1", PERSON),
        ("http://127.0.0.1\\.evil.example/v1", NO_ADDRESS),
        ("http://evil.example#@127.0.0.1/", PERSON),
        ("http://127.0.0.1/v1?next=http://evil.example", NO_ADDRESS),
        ("http://127.1/v1", DISGUISED),
        ("http://2130706433/v1", DISGUISED),
        ("http://0x7f.0.0.1/v1", DISGUISED),
        ("http://0177.0.0.1/v1", DISGUISED),
        ("http://127.0.0.1:99999/v1", "The port must lie between"),
        ("http://127.0.0.1:/v1", NO_ADDRESS),
        ("http://[127.0.0.1]/v1", DISGUISED),
        ("http://[evil]/v1", NO_ADDRESS),
        ("http://127.0.0.1\t.evil.example/v1", NO_ADDRESS),
        ("http://127.0.0.1 /v1", NO_ADDRESS),
        ("http://127。0。0。1/v1", NO_ADDRESS),
        ("http://ⅼocalhost/v1", NO_ADDRESS),
        ("http:///v1", NO_ADDRESS),
        ("ftp://127.0.0.1/v1", NO_ADDRESS),
        ("file:///etc/passwd", NO_ADDRESS),
        ("127.0.0.1:8000/v1", NO_ADDRESS),
        ("", NO_ADDRESS),
    ],
)
def test_addresses_that_could_be_read_two_ways_are_refused_even_when_remote_is_allowed(
    url: str, problem: str
) -> None:
    with pytest.raises(ModelError, match=problem):
        check_endpoint(url, OPEN)


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(ModelError) as caught:
        parse_address("http://me:hunter2@127.0.0.1:8000/v1")
    assert "hunter2" not in str(caught.value)
    assert "127.0.0.1:8000" in str(caught.value)


def loud() -> dict[str, str]:
    return {
        "HTTP_PROXY": "http://proxy.example:3128",
        "https_proxy": "http://proxy.example:3128",
        "All_Proxy": "socks5://proxy.example",
        "NO_PROXY": "localhost",
        "OPENAI_PROXY": "http://proxy.example",
        "LANGSMITH_TRACING": "true",
        "LANGSMITH_API_KEY": "ls",
        "LANGCHAIN_TRACING_V2": "true",
        "LANGCHAIN_ENDPOINT": "https://remote.example",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "https://remote.example",
        "CHROMA_OTEL_COLLECTION_ENDPOINT": "https://remote.example",
        "OPENAI_BASE_URL": "https://remote.example",
        "OPENAI_API_BASE": "https://remote.example",
        "OPENAI_ORG_ID": "org",
        "OPENAI_API_KEY": "sk",
        "HF_HUB_OFFLINE": "0",
        "ANONYMIZED_TELEMETRY": "True",
        "PATH": "/bin",
        "HF_HOME": "/hf",
    }


def test_by_default_everything_that_sends_elsewhere_is_switched_off() -> None:
    environment = loud()
    named = quiet_environment(Privacy(), environment)
    assert set(named) == set(loud()) - {"OPENAI_API_KEY", "PATH", "HF_HOME"}
    assert environment == {
        "PATH": "/bin",
        "HF_HOME": "/hf",
        "OPENAI_API_KEY": "sk",
        "NO_PROXY": "*",
        "no_proxy": "*",
        "LANGSMITH_TRACING": "false",
        "LANGCHAIN_TRACING_V2": "false",
        "OTEL_SDK_DISABLED": "true",
        "OTEL_TRACES_EXPORTER": "none",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "ANONYMIZED_TELEMETRY": "False",
        "DO_NOT_TRACK": "1",
    }


def test_switching_off_twice_changes_nothing_more() -> None:
    environment = loud()
    quiet_environment(Privacy(), environment)
    before = dict(environment)
    assert quiet_environment(Privacy(), environment) == ()
    assert environment == before


@pytest.mark.parametrize(
    ("privacy", "kept"),
    [
        (Privacy(allow_proxies=True), {"HTTP_PROXY", "https_proxy", "All_Proxy", "NO_PROXY", "OPENAI_PROXY"}),
        (
            Privacy(allow_tracing=True),
            {
                "LANGSMITH_TRACING",
                "LANGSMITH_API_KEY",
                "LANGCHAIN_TRACING_V2",
                "LANGCHAIN_ENDPOINT",
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "CHROMA_OTEL_COLLECTION_ENDPOINT",
            },
        ),
        (Privacy(allow_remote=True), {"HF_HUB_OFFLINE", "OPENAI_ORG_ID"}),
    ],
)
def test_each_permission_keeps_its_own_variables_and_no_others(privacy: Privacy, kept: set[str]) -> None:
    environment = loud()
    named = quiet_environment(privacy, environment)
    untouched = {name for name, value in loud().items() if environment.get(name) == value}
    assert untouched == kept | {"OPENAI_API_KEY", "PATH", "HF_HOME"}
    assert not kept & set(named)


def test_langsmith_notices_the_change_though_it_remembers_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setattr("os.environ", os.environ.copy())
    forget_environment()
    assert tracing_is_enabled()
    quiet_environment(Privacy(), os.environ)
    assert not tracing_is_enabled()
    forget_environment()


def test_no_tracing_holds_inside_its_block_and_leaves_the_environment_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    forget_environment()
    before = dict(os.environ)
    with no_tracing(Privacy()):
        assert not tracing_is_enabled()
        assert dict(os.environ) == before
    assert tracing_is_enabled()
    with no_tracing(Privacy(allow_tracing=True)):
        assert tracing_is_enabled()
    forget_environment()
