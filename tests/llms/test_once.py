"""Slow things made once."""

import asyncio
import threading

import pytest

from intercoder.llms.once import Once


class Maker:
    """Makes values, and can be held or made to fail."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.go = threading.Event()
        self.go.set()
        self.fails = False

    def __call__(self, key: str) -> str:
        assert self.go.wait(10)
        self.made.append(key)
        if self.fails:
            raise ValueError(key)
        return key.upper()


async def test_all_who_ask_meanwhile_share_one_making() -> None:
    maker = Maker()
    maker.go.clear()
    once = Once(maker, name="test")
    tasks = [asyncio.create_task(once.get_async("a")) for _ in range(20)]
    await asyncio.sleep(0)
    maker.go.set()
    assert set(await asyncio.gather(*tasks)) == {"A"}
    assert once.get("a") == "A"
    assert maker.made == ["a"]


async def test_one_who_gives_up_does_not_spoil_it_for_the_others() -> None:
    maker = Maker()
    maker.go.clear()
    once = Once(maker, name="test")
    impatient, patient = (asyncio.create_task(once.get_async("a")) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    maker.go.set()
    assert await patient == "A"


def test_a_failure_is_told_and_tried_again() -> None:
    maker = Maker()
    maker.fails = True
    once = Once(maker, name="test")
    with pytest.raises(ValueError, match="a"):
        once.get("a")
    maker.fails = False
    assert once.get("a") == "A"


def test_the_value_unused_for_longest_is_forgotten() -> None:
    maker = Maker()
    once = Once(maker, name="test", kept=2)
    for key in ("a", "b", "a", "c", "a", "b"):
        once.get(key)
    assert maker.made == ["a", "b", "c", "b"]
