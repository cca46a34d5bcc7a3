"""Writing many answers at once gives what each would be alone, whatever shares the batch."""

import asyncio
import random
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from intercoder.core.errors import ModelError
from intercoder.llms.batching import Batch, BatcherClosed, Ticket
from intercoder.llms.embedded import writing
from intercoder.llms.embedded.engine import Engine
from intercoder.llms.embedded.requests import ModelReply, ModelRequest
from intercoder.llms.embedded.writing import fitting
from tests.llms import tiny_models

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.save(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[Engine]:
    engine = Engine(folder, batch_size=6, dtype="float32")
    yield engine
    engine.close()


class Alone:
    """What transformers itself writes, one prompt at a time."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        self.words = AutoTokenizer.from_pretrained(folder)

    def write(self, prompt: Sequence[int], most: int) -> tuple[str, str]:
        ids = torch.tensor([prompt])
        out = self.model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=most, do_sample=False, pad_token_id=0
        )
        new = out[0, len(prompt) :].tolist()
        ended = self.words.eos_token_id in new
        text = self.words.decode(new, skip_special_tokens=True)
        return (text if ended else text.rstrip("\ufffd")), "stop" if ended else "length"


@pytest.fixture(scope="module")
def alone(folder: Path) -> Alone:
    return Alone(folder)


def prompts(seed: int, count: int, coders: int = 3) -> list[tuple[int, ...]]:
    """Prompts of some coders, each with a long beginning of its own, in no order."""
    draws = random.Random(seed)
    beginnings = [[draws.randrange(200) for _ in range(draws.randrange(5, 120))] for _ in range(coders)]
    return [
        (*draws.choice(beginnings), *(draws.randrange(200) for _ in range(draws.randrange(1, 60))))
        for _ in range(count)
    ]


async def ask(engine: Engine, requests: Sequence[ModelRequest]) -> list[ModelReply]:
    return list(await asyncio.gather(*map(engine.ask, requests)))


@pytest.mark.parametrize("seed", range(4))
async def test_each_answer_is_what_it_would_be_alone(engine: Engine, alone: Alone, seed: int) -> None:
    rows = prompts(seed, 20)
    most = [random.Random(seed + row).choice([1, 5, 30]) for row in range(20)]
    replies = await ask(engine, [ModelRequest(row, limit) for row, limit in zip(rows, most, strict=True)])
    for row, limit, reply in zip(rows, most, replies, strict=True):
        assert (reply.text, reply.finish_reason) == alone.write(row, limit)


async def test_a_kept_prefix_changes_nothing(engine: Engine) -> None:
    rows = prompts(11, 12, coders=2)
    requests = [ModelRequest(row, 20) for row in rows]
    first = await ask(engine, requests)
    one_by_one = [await engine.ask(request) for request in requests]
    assert await ask(engine, requests[::-1]) == first[::-1]
    assert one_by_one == first


@pytest.mark.parametrize("chunk", [1, 7, 64])
async def test_prompts_may_be_read_in_pieces(
    engine: Engine, alone: Alone, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "CHUNK", chunk)
    rows = prompts(21, 6)
    replies = await ask(engine, [ModelRequest(row, 8) for row in rows])
    assert [reply.text for reply in replies] == [alone.write(row, 8)[0] for row in rows]


@pytest.mark.parametrize("room", [1, 200, 500])
async def test_little_memory_makes_smaller_batches_and_the_same_answers(
    engine: Engine, alone: Alone, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine._writer, "room", lambda: room)
    rows = prompts(31, 10)
    replies = await ask(engine, [ModelRequest(row, 12) for row in rows])
    assert [reply.text for reply in replies] == [alone.write(row, 12)[0] for row in rows]


def test_waiting_requests_take_the_places_of_finished_ones(engine: Engine, alone: Alone) -> None:
    rows = prompts(41, 12)
    tickets = [
        Ticket[ModelRequest, ModelReply](ModelRequest(row, 3 + 9 * (place % 3))) for place, row in enumerate(rows)
    ]
    queue = tickets[4:]

    def more(count: int) -> list[Ticket[ModelRequest, ModelReply]]:
        taken = queue[:count]
        del queue[:count]
        return taken

    engine._writer.write(Batch(tickets[:4], more))
    assert not queue
    for place, ticket in enumerate(tickets):
        assert ticket._future.result(0).text == alone.write(rows[place], 3 + 9 * (place % 3))[0]


async def test_answers_come_as_soon_as_they_are_complete(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    short, long = prompts(51, 2)
    steps = threading.Semaphore(0)
    write = engine._writer.model.write

    def slowly(*arguments: object) -> object:
        assert steps.acquire(timeout=10)
        return write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(engine._writer.model, "write", slowly)
    both = [asyncio.create_task(engine.ask(ModelRequest(row, most))) for row, most in ((short, 1), (long, 9))]
    assert (await both[0]).output_tokens <= 1
    assert not both[1].done()
    for _ in range(10):
        steps.release()
    assert (await both[1]).output_tokens <= 9


async def test_a_cancelled_request_is_dropped_and_the_others_go_on(
    engine: Engine, alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = prompts(61, 2)
    reading, go = threading.Event(), threading.Event()
    read = engine._writer.model.read

    def held(*arguments: object) -> object:
        reading.set()
        assert go.wait(10)
        return read(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(engine._writer.model, "read", held)
    tasks = [asyncio.create_task(engine.ask(ModelRequest(row, 400))) for row in rows[:1]]
    tasks.append(asyncio.create_task(engine.ask(ModelRequest(rows[1], 6))))
    await asyncio.to_thread(reading.wait, 10)
    tasks[0].cancel()
    await asyncio.gather(tasks[0], return_exceptions=True)
    go.set()
    assert (await tasks[1]).text == alone.write(rows[1], 6)[0]


async def test_stop_strings_end_an_answer_and_are_cut_off(engine: Engine, alone: Alone) -> None:
    row = prompts(71, 1)[0]
    whole = alone.write(row, 30)[0]
    stop = whole[4:7]
    reply = await engine.ask(ModelRequest(row, 30, stop=("never to be found", stop)))
    assert reply.text == whole[: whole.index(stop)]
    assert reply.finish_reason == "stop"


async def test_a_seed_fixes_the_draws(engine: Engine) -> None:
    row = prompts(81, 1)[0]

    def request(seed: int) -> ModelRequest:
        return ModelRequest(row, 20, temperature=1.0, seed=seed)

    mates = [ModelRequest(other, 20, temperature=1.0) for other in prompts(82, 4)]
    first = await engine.ask(request(1))
    assert (await ask(engine, [*mates, request(1)]))[-1] == first
    assert (await engine.ask(request(2))).text != first.text


async def test_closing_ends_a_batch_after_the_token_that_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(folder, batch_size=2, dtype="float32")
    writing_began, go = threading.Event(), threading.Event()
    write, steps = engine._writer.model.write, []

    def held(*arguments: object) -> object:
        steps.append(1)
        writing_began.set()
        assert go.wait(10)
        return write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(engine._writer.model, "write", held)
    task = asyncio.create_task(engine.ask(ModelRequest(tuple(range(20)), 400)))
    await asyncio.to_thread(writing_began.wait, 10)
    engine._closing.set()
    go.set()
    with pytest.raises(BatcherClosed):
        await task
    assert len(steps) == 1
    engine.close()
    with pytest.raises(BatcherClosed):
        await engine.ask(ModelRequest((1, 2, 3), 5))


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), "batch_size=3"),
        (MemoryError(), "batch_size=3"),
    ],
)
async def test_too_little_memory_says_which_batch_size_to_try(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, error: Exception, hint: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(engine._writer.model, "read", fail)
    with pytest.raises(ModelError, match="Memory does not suffice to write 6 answers") as caught:
        await engine.ask(ModelRequest((1, 2, 3), 5))
    assert hint in caught.value.remedy


async def test_any_other_error_is_told_as_it_is(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(engine._writer.model, "read", fail)
    with pytest.raises(RuntimeError, match="shapes"):
        await engine.ask(ModelRequest((1, 2, 3), 5))


@pytest.mark.parametrize(
    ("held", "waiting", "room", "count"),
    [
        ([], [10, 10, 10], 30, 3),
        ([], [10, 10, 10], 29, 2),
        ([], [100], 1, 1),
        ([5], [100], 1, 0),
        ([10], [5, 5], 30, 2),
        ([10, 10], [40, 1], 100, 0),
        ([], [10, 40, 1], 50, 1),
        ([], [], 50, 0),
    ],
)
def test_as_many_rows_are_taken_as_fit(held: list[int], waiting: list[int], room: int, count: int) -> None:
    assert fitting(held, waiting, room) == count
