"""One model at several servers: shared out, taken over where one fails, and found again when it is back."""

import asyncio
import json
import socket
from collections.abc import Sequence

import pytest

from intercoder.core.agent_settings import Sampling
from intercoder.core.errors import EndpointStopped, ModelError
from intercoder.core.study import Limits, Privacy
from intercoder.llms.calling import CallFailed
from intercoder.llms.endpoints import servers
from intercoder.llms.endpoints.endpoints import openai_chat
from intercoder.llms.privacy import no_tracing
from intercoder.llms.references import parse_reference
from tests.llms.endpoints.endpoint_client import SOON, ask, model_at
from tests.llms.endpoints.fault_server import Canned, FaultServer, fails, says


@pytest.fixture(autouse=True)
def _short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "FIRST_REST", 0.02)
    monkeypatch.setattr(servers, "LONGEST_REST", 0.1)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port: int = closed.getsockname()[1]
        return port


def nobody() -> str:
    return f"http://127.0.0.1:{closed_port()}/v1"


def said(server: FaultServer) -> list[str]:
    return [request["messages"][1]["content"] for request in server.requests]


async def test_requests_are_shared_out_and_addressed_to_each() -> None:
    with FaultServer(says("x"), delay=0.02) as one, FaultServer(says("x"), delay=0.02) as other:
        model = model_at(f"{one.url}|{other.url}", concurrency=8)
        await asyncio.gather(*(ask(model, str(number)) for number in range(80)))
        assert one.count + other.count == 80
        assert 35 <= one.count <= 45
        assert (one.connections, other.connections) == (4, 4)
        assert {header["host"] for header in other.headers} == {f"127.0.0.1:{other.port}"}
        assert set(other.targets) == {"/v1/chat/completions"}


async def test_a_slow_server_gets_fewer() -> None:
    with FaultServer(says("x"), delay=0.3) as slow, FaultServer(says("x"), delay=0.01) as fast:
        model = model_at(f"{slow.url}|{fast.url}", concurrency=4)
        await asyncio.gather(*(ask(model) for _ in range(60)))
        assert slow.count < fast.count / 3


async def test_addresses_may_differ_in_their_paths() -> None:
    with FaultServer(fails(503)) as one, FaultServer(says("x")) as other:
        base = f"http://127.0.0.1:{other.port}/deep/er"
        assert (await ask(model_at(f"{one.url}|{base}"))).text == "x"
        assert (one.targets, other.targets) == (["/v1/chat/completions"], ["/deep/er/chat/completions"])


async def test_a_server_that_is_killed_costs_no_answer_and_no_question_twice() -> None:
    with FaultServer(says("x"), delay=0.02, dies_after=20) as dying, FaultServer(says("x"), delay=0.02) as other:
        model = model_at(f"{dying.url}|{other.url}", retries=0, concurrency=16)
        replies = await asyncio.gather(*(ask(model, str(number)) for number in range(100)))
        assert [reply.text for reply in replies] == ["x"] * 100
        twice = set(said(dying)) & set(said(other))
        assert len(twice) <= 8  # those in flight there
        assert len(said(other)) == len(set(said(other)))
        assert dying.count >= 20


async def test_who_is_down_from_the_start_is_not_noticed() -> None:
    with FaultServer(says("x")) as server:
        model = model_at(f"{nobody()}|{server.url}", retries=0)
        assert (await ask(model)).text == "x"


@pytest.mark.parametrize(
    "trouble",
    [fails(500), fails(429), fails(503), Canned(body=says("x").body, cut=True)],
    ids=["500", "429", "503", "cut"],
)
async def test_who_answers_badly_is_left_alone_while_another_answers(trouble: Canned) -> None:
    with FaultServer(trouble) as bad, FaultServer(says("x"), delay=0.005) as good:
        model = model_at(f"{bad.url}|{good.url}", retries=0, concurrency=4)
        replies = await asyncio.gather(*(ask(model) for _ in range(60)))
        assert len(replies) == good.count == 60
        assert bad.count < 30


async def test_what_one_does_not_answer_in_time_another_is_asked() -> None:
    with FaultServer(Canned(hang=True)) as slow, FaultServer(says("x")) as good:
        model = model_at(f"{slow.url}|{good.url}", retries=0, timeout=0.2)
        assert [reply.text for reply in await asyncio.gather(*(ask(model) for _ in range(6)))] == ["x"] * 6


async def test_where_none_answers_in_time_the_request_fails_having_been_asked_once_each() -> None:
    with FaultServer(Canned(hang=True)) as one, FaultServer(Canned(hang=True)) as other:
        with pytest.raises(CallFailed) as caught:
            await ask(model_at(f"{one.url}|{other.url}", retries=3, timeout=0.1))
        assert (caught.value.kind, one.count, other.count) == ("timeout", 1, 1)


async def test_only_where_none_is_there_the_run_stops_and_names_all() -> None:
    one, other = nobody(), nobody()
    model = model_at(f"{one}|{other}", retries=1)
    with pytest.raises(EndpointStopped, match="None of the servers can be reached") as caught:
        await ask(model)
    assert [part.strip() for part in caught.value.where.split(",")] == [
        url.removeprefix("http://").removesuffix("/v1") for url in (one, other)
    ]


async def test_a_server_error_of_all_that_are_there_fails_the_request_only() -> None:
    with FaultServer(fails(500, "boom", headers=SOON)) as bad:
        with pytest.raises(CallFailed, match=f'127\\.0\\.0\\.1:{bad.port} answered 500: "boom"'):
            await ask(model_at(f"{nobody()}|{bad.url}", retries=1))
        assert bad.count == 2


@pytest.mark.parametrize("turned", [False, True])
async def test_of_those_that_ask_to_wait_the_one_that_asks_for_less_decides(turned: bool) -> None:
    busy = [fails(429, headers=SOON), says("x")]
    with FaultServer(busy) as soon, FaultServer(fails(429, headers={"retry-after": "86400"})) as late:
        urls = [late.url, soon.url] if turned else [soon.url, late.url]
        assert (await ask(model_at("|".join(urls), retries=1))).text == "x"


@pytest.mark.parametrize("turned", [False, True])
async def test_one_that_breaks_off_is_there_though_another_is_not(turned: bool) -> None:
    with FaultServer(Canned(body=says("x").body, cut=True)) as cutting:
        urls = [cutting.url, nobody()] if turned else [nobody(), cutting.url]
        with pytest.raises(CallFailed, match="broke off"):
            await ask(model_at("|".join(urls), retries=0))


async def test_too_many_requests_everywhere_are_sent_again_when_the_servers_say() -> None:
    busy = [fails(429, headers=SOON), says("x")]
    with FaultServer(busy) as one, FaultServer(busy) as other:
        assert (await ask(model_at(f"{one.url}|{other.url}", retries=1))).text == "x"
        assert (one.count, other.count) in ((2, 1), (1, 2))


@pytest.mark.parametrize(
    "refusal", [fails(401), fails(404, "no such model"), Canned(status=307, headers={"location": "http://x"})]
)
async def test_who_refuses_everybody_is_named(refusal: Canned) -> None:
    with FaultServer(refusal) as bad, FaultServer(says("x")) as good:
        with pytest.raises(EndpointStopped) as caught:
            await ask(model_at(f"{bad.url}|{good.url}"))
        assert caught.value.where == f"127.0.0.1:{bad.port}"


async def test_a_server_that_comes_back_is_asked_again() -> None:
    port = closed_port()
    with FaultServer(says("x")) as other:
        model = model_at(f"http://127.0.0.1:{port}/v1|{other.url}", retries=0)
        await asyncio.gather(*(ask(model) for _ in range(8)))
        assert other.count == 8
        with FaultServer(says("x"), port=port) as back:
            while not back.count and other.count < 2000:
                await ask(model)
            assert back.count == 1
            await asyncio.gather(*(ask(model) for _ in range(20)))
            assert back.count > 4


async def test_all_wait_for_the_one_that_comes_back_while_one_request_tries() -> None:
    port = closed_port()
    url = f"http://127.0.0.1:{port}/v1"
    model = model_at(f"{url}|{nobody()}", retries=6, concurrency=12)
    asking = [asyncio.create_task(ask(model)) for _ in range(12)]
    await asyncio.sleep(0)
    with FaultServer(says("x"), port=port, delay=0.05) as back:
        assert [reply.text for reply in await asyncio.gather(*asking)] == ["x"] * 12
        assert back.count == 12


async def test_waiting_for_servers_is_not_a_busy_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []
    take = servers.Servers.take

    def counted(self: servers.Servers, but: Sequence[servers.Server] = ()) -> servers.Turn | None:
        turn = take(self, but)
        if turn is not None:
            tries.append(turn.server.url)
        return turn

    monkeypatch.setattr(servers.Servers, "take", counted)
    model = model_at(f"{nobody()}|{nobody()}", retries=1, concurrency=32)
    with pytest.raises(EndpointStopped):
        await ask(model)
    tries.clear()
    outcomes = await asyncio.gather(*(ask(model) for _ in range(32)), return_exceptions=True)
    assert all(isinstance(outcome, EndpointStopped) for outcome in outcomes)
    assert len(tries) < 20


def test_several_servers_outlive_the_event_loop_they_were_first_used_in() -> None:
    with FaultServer(says("x")) as one, FaultServer(says("x")) as other:
        model = model_at(f"{one.url}|{other.url}", retries=0)
        assert [asyncio.run(ask(model)).text for _ in range(3)] == ["x", "x", "x"]


async def test_a_request_that_is_given_up_frees_its_turn() -> None:
    loop = asyncio.get_running_loop()
    came = asyncio.Event()

    def tell(body: object) -> Canned:
        loop.call_soon_threadsafe(came.set)
        return Canned(hang=True)

    answers = iter([tell])
    with FaultServer(lambda body: next(answers, lambda _: says("x"))(body)) as one, FaultServer(says("x")) as other:
        model = model_at(f"{one.url}|{other.url}", retries=0)
        given_up = asyncio.create_task(ask(model))
        await came.wait()
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        await ask(model)
        assert (one.count, other.count) == (2, 0)


async def test_a_request_that_is_given_up_while_it_waits_for_a_server_frees_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(servers, "FIRST_REST", 60.0)
    monkeypatch.setattr(servers, "LONGEST_REST", 60.0)
    port = closed_port()
    model = model_at(f"http://127.0.0.1:{port}/v1|{nobody()}", retries=0, concurrency=1)
    with pytest.raises(EndpointStopped):
        await ask(model)
    waiting = asyncio.create_task(ask(model))
    assert not (await asyncio.wait([waiting], timeout=0.01))[0]
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    for server in model.http_async_client._pool().servers.all:
        server.rests_until = 0.0
    with FaultServer(says("x"), port=port):
        assert (await ask(model)).text == "x"


async def test_what_is_too_long_for_one_server_is_not_sent_to_the_next() -> None:
    refusal = fails(400, "This model's maximum context length is 2048 tokens")
    with FaultServer(refusal) as one, FaultServer(says("x")) as other:
        with pytest.raises(CallFailed, match=r"too long for the model.*2048") as caught:
            await ask(model_at(f"{one.url}|{other.url}"))
        assert (caught.value.kind, one.count, other.count) == ("too_long", 1, 0)
        assert "longer context" in caught.value.message


async def test_synchronous_calls_go_on_to_the_next_server_too() -> None:
    with FaultServer(fails(500)) as bad, FaultServer(says("now")) as good, no_tracing(Privacy()):
        model = model_at(f"{nobody()}|{bad.url}|{good.url}", retries=0)
        replies = [await asyncio.to_thread(model.invoke, "hello") for _ in range(4)]
        assert [reply.content for reply in replies] == ["now"] * 4
        assert bad.count < 4


async def test_the_key_goes_to_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", "sk-0")
    with FaultServer(fails(500)) as one, FaultServer(says("x")) as other:
        await ask(model_at(f"{one.url}|{other.url}", retries=0))
        told = [json.dumps(server.headers) for server in (one, other)]
    assert all("Bearer sk-0" in headers for headers in told)


def test_one_server_elsewhere_is_enough_to_be_refused() -> None:
    reference = parse_reference("openai:m@http://127.0.0.1:1/v1|https://llm.example.org/v1")
    with pytest.raises(ModelError, match=r"llm\.example\.org is refused"):
        openai_chat(reference, Sampling(), Limits(), Privacy(), "TEST_KEY")
    with pytest.raises(ModelError, match="TEST_KEY is not set"):
        openai_chat(reference, Sampling(), Limits(), Privacy(allow_remote=True), "TEST_KEY")
