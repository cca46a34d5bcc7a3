"""The micro-batcher: who shares a batch, who gets which reply, and what happens when something goes wrong."""

import asyncio
import gc
import threading
from collections.abc import Callable, Iterator

import pytest

from intercoder.llms.batching import Batch, BatcherClosed, MicroBatcher

Run = Callable[[Batch[int, int]], None]


def answer_all(batch: Batch[int, int]) -> None:
    for ticket in batch.tickets:
        ticket.answer(10 * ticket.question)


class Gate:
    """A batch function that holds every batch until it is opened, and notes what the batches held."""

    def __init__(self, run: Run = answer_all) -> None:
        self.run = run
        self.entered = threading.Semaphore(0)
        self.open = threading.Event()
        self.batches: list[list[int]] = []

    def __call__(self, batch: Batch[int, int]) -> None:
        self.entered.release()
        assert self.open.wait(10)
        self.run(batch)
        self.batches.append([ticket.question for ticket in batch.tickets])

    async def reached(self) -> None:
        assert await asyncio.to_thread(self.entered.acquire, timeout=10)


Make = Callable[..., MicroBatcher[int, int]]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[MicroBatcher[int, int]] = []

    def batcher(run: Run, **options: object) -> MicroBatcher[int, int]:
        made.append(MicroBatcher(run, **({"size": 4, "window": 0.001} | options)))  # type: ignore[arg-type]
        return made[-1]

    yield batcher
    for one in made:
        one.close()


async def begun(batcher: MicroBatcher[int, int], *questions: int) -> list[asyncio.Task[int]]:
    """Ask, and return when all have been queued."""
    tasks = [asyncio.create_task(batcher.ask(question)) for question in questions]
    await asyncio.sleep(0)
    return tasks


async def test_everyone_gets_the_reply_to_its_own_question(make: Make) -> None:
    batcher = make(answer_all)
    assert await asyncio.gather(*map(batcher.ask, range(50))) == [10 * number for number in range(50)]


async def test_requests_that_wait_together_share_batches_of_the_given_size(make: Make) -> None:
    gate = Gate()
    batcher = make(gate, size=3)
    tasks = await begun(batcher, 0)
    await gate.reached()
    tasks += await begun(batcher, 1, 2, 3, 4)
    gate.open.set()
    await asyncio.gather(*tasks)
    batcher.close()  # the last batch is noted after its replies are out
    assert gate.batches == [[0], [1, 2, 3], [4]]


async def test_a_full_batch_starts_without_waiting_for_the_window(make: Make) -> None:
    batcher = make(answer_all, size=2, window=3600)
    assert await asyncio.gather(batcher.ask(1), batcher.ask(2)) == [10, 20]


async def test_only_requests_of_one_key_share_a_batch(make: Make) -> None:
    gate = Gate()
    batcher = make(gate, key=lambda number: number % 2)
    tasks = await begun(batcher, 0)
    await gate.reached()
    tasks += await begun(batcher, 1, 2, 3, 4)
    gate.open.set()
    await asyncio.gather(*tasks)
    batcher.close()  # the last batch is noted after its replies are out
    assert gate.batches == [[0], [1, 3], [2, 4]]


async def test_the_batch_of_the_oldest_takes_those_most_like_it(make: Make) -> None:
    gate = Gate()
    batcher = make(gate, size=3, likeness=lambda one, other: -abs(one - other))
    tasks = await begun(batcher, 0)
    await gate.reached()
    tasks += await begun(batcher, 50, 10, 52, 11, 49)
    gate.open.set()
    await asyncio.gather(*tasks)
    batcher.close()  # the last batch is noted after its replies are out
    assert gate.batches == [[0], [50, 49, 52], [10, 11]]


async def test_a_running_batch_may_take_more_of_its_key(make: Make) -> None:
    more: list[list[int]] = []

    def run(batch: Batch[int, int]) -> None:
        more.append([ticket.question for ticket in batch.more(2)])
        answer_all(batch)

    gate = Gate(run)
    batcher = make(gate, size=4, key=lambda number: number < 100)
    tasks = await begun(batcher, 0)
    await gate.reached()
    tasks += await begun(batcher, 1, 2, 3, 100)
    gate.open.set()
    assert await asyncio.gather(*tasks) == [0, 10, 20, 30, 1000]
    batcher.close()  # the last batch is noted after its replies are out
    assert more[:2] == [[1, 2], []], "the oldest that waits is 3, then 100 of another key"
    assert gate.batches == [[0, 1, 2], [3], [100]]


async def test_a_running_batch_takes_none_while_the_oldest_is_of_another_key(make: Make) -> None:
    taken: list[int] = []

    def run(batch: Batch[int, int]) -> None:
        taken.append(len(batch.more(5)))
        answer_all(batch)

    gate = Gate(run)
    batcher = make(gate, key=lambda number: number < 100)
    tasks = await begun(batcher, 0)
    await gate.reached()
    tasks += await begun(batcher, 100, 1)
    gate.open.set()
    await asyncio.gather(*tasks)
    assert taken[0] == 0


async def test_an_error_reaches_exactly_the_requests_of_its_batch(make: Make) -> None:
    def run(batch: Batch[int, int]) -> None:
        if any(ticket.question == 13 for ticket in batch.tickets):
            raise ValueError("thirteen")
        answer_all(batch)

    gate = Gate(run)
    batcher = make(gate, size=2)
    tasks = await begun(batcher, 0)
    await gate.reached()
    tasks += await begun(batcher, 1, 13, 2, 3)
    gate.open.set()
    replies = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(reply) for reply in replies] == ["0", "thirteen", "thirteen", "20", "30"]


async def test_replies_given_before_an_error_stand(make: Make) -> None:
    def run(batch: Batch[int, int]) -> None:
        batch.tickets[0].answer(1)
        raise ValueError("late")

    gate = Gate(run)
    batcher = make(gate, size=2, window=3600)
    tasks = await begun(batcher, 7, 8)
    gate.open.set()
    replies = await asyncio.gather(*tasks, return_exceptions=True)
    assert replies[0] == 1
    assert isinstance(replies[1], ValueError)


async def test_a_batch_function_that_forgets_a_request_fails_it(make: Make) -> None:
    batcher = make(lambda batch: None)
    with pytest.raises(RuntimeError, match="no reply"):
        await batcher.ask(1)


async def test_a_cancelled_wait_is_harmless_to_the_others_and_costs_no_work(make: Make) -> None:
    gate = Gate()
    batcher = make(gate)
    tasks = await begun(batcher, 0)
    await gate.reached()
    tasks += await begun(batcher, 1, 2)
    tasks[1].cancel()
    await asyncio.gather(tasks[1], return_exceptions=True)
    gate.open.set()
    assert await tasks[0] == 0
    assert await tasks[2] == 20
    batcher.close()  # the last batch is noted after its replies are out
    assert gate.batches == [[0], [2]]


async def test_a_request_cancelled_while_it_is_worked_on_is_no_longer_wanted(make: Make) -> None:
    wanted: list[bool] = []

    def run(batch: Batch[int, int]) -> None:
        wanted.extend(ticket.wanted for ticket in batch.tickets)
        answer_all(batch)

    gate = Gate(run)
    batcher = make(gate, size=2)
    tasks = await begun(batcher, 1, 2)
    await gate.reached()
    tasks[0].cancel()
    await asyncio.gather(tasks[0], return_exceptions=True)
    gate.open.set()
    assert await tasks[1] == 20
    assert wanted == [False, True]


async def test_all_waiting_requests_cancelled_leaves_a_working_batcher(make: Make) -> None:
    gate = Gate()
    batcher = make(gate)
    first = await begun(batcher, 0)
    await gate.reached()
    tasks = await begun(batcher, 1, 2)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    gate.open.set()
    await asyncio.gather(*first)
    assert await batcher.ask(3) == 30


async def test_a_full_queue_makes_askers_wait_and_loses_none(make: Make) -> None:
    gate = Gate()
    batcher = make(gate, size=2, capacity=3)
    tasks = await begun(batcher, 0)
    await gate.reached()
    tasks += await begun(batcher, *range(1, 20))
    assert len(batcher._waiting) == 3
    gate.open.set()
    assert sorted(await asyncio.gather(*tasks)) == [10 * number for number in range(20)]


async def test_a_place_in_the_queue_that_a_cancelled_asker_had_goes_to_another(make: Make) -> None:
    gate = Gate()
    batcher = make(gate, size=1, capacity=1)
    tasks = await begun(batcher, 0)
    await gate.reached()
    tasks += await begun(batcher, 1, 2, 3, 4)
    for number in (2, 3):
        tasks[number].cancel()
    await asyncio.gather(*tasks[2:4], return_exceptions=True)
    gate.open.set()
    assert await asyncio.wait_for(tasks[4], 10) == 40


def test_event_loops_one_after_another_share_one_batcher(make: Make) -> None:
    batcher = make(answer_all)

    async def ask() -> list[int]:
        return await asyncio.gather(batcher.ask(1), batcher.ask(2))

    assert [asyncio.run(ask()) for _ in range(3)] == [[10, 20]] * 3


def test_a_loop_that_is_gone_before_the_reply_harms_nobody(make: Make) -> None:
    gate = Gate()
    batcher = make(gate, size=1)

    async def leave() -> None:
        await begun(batcher, 1)
        await gate.reached()

    asyncio.run(leave())
    gate.open.set()
    assert batcher.ask_blocking(2) == 20


def test_threads_without_a_loop_ask_too(make: Make) -> None:
    batcher = make(answer_all, size=3, window=3600)
    replies: list[int] = []
    threads = [
        threading.Thread(target=lambda n=number: replies.append(batcher.ask_blocking(n))) for number in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(replies) == [0, 10, 20]


async def test_closing_fails_those_that_wait_and_lets_the_running_batch_end(make: Make) -> None:
    gate = Gate()
    batcher = make(gate, size=1, capacity=1)
    tasks = await begun(batcher, 0)
    await gate.reached()
    tasks += await begun(batcher, 1, 2)
    closing = asyncio.create_task(asyncio.to_thread(batcher.close))
    failed = await asyncio.gather(*tasks[1:], return_exceptions=True)
    assert [type(error) for error in failed] == [BatcherClosed, BatcherClosed]
    gate.open.set()
    await closing
    assert await tasks[0] == 0
    with pytest.raises(BatcherClosed):
        await batcher.ask(3)


async def test_an_idle_batcher_holds_on_to_no_request(make: Make) -> None:
    """A question can be a long prompt: it must not live on until the next batch."""

    class Question(int):
        """An integer that can be watched."""

    batcher = make(answer_all)
    await batcher.ask(Question(3))
    gc.collect()
    assert await batcher.ask(4) == 40
    gc.collect()
    assert not [found for found in gc.get_objects() if type(found) is Question]
