"""A list of any length fetches and draws what is on the screen, and keeps its cursor."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from rich.cells import cell_len
from textual import events
from textual.app import App, ComposeResult
from textual.content import Content
from textual.pilot import Pilot

from intercoder.tui.widgets.virtual_list import PAGE, PAGES, SIGNS, Line, VirtualList


class Source:
    """Rows that say their number, and what was asked for."""

    def __init__(self, prefix: str = "row") -> None:
        self.prefix = prefix
        self.asked: list[tuple[int, int]] = []

    def __call__(self, start: int, stop: int) -> Sequence[Line]:
        self.asked.append((start, stop))
        return [Content(f"{self.prefix} {index}\nbelow {index}") for index in range(start, stop)]


class ListApp(App[None]):
    """A list and what it told."""

    def __init__(self, count: int, rows: Source, *, row_height: int = 1) -> None:
        super().__init__()
        self.list = VirtualList(row_height=row_height, empty=Content("nothing here"))
        self.count, self.rows = count, rows
        self.highlighted: list[int] = []
        self.chosen: list[int] = []

    def compose(self) -> ComposeResult:
        yield self.list

    def on_mount(self) -> None:
        self.list.set_source(self.count, self.rows)

    def on_virtual_list_highlighted(self, message: VirtualList.Highlighted) -> None:
        self.highlighted.append(message.index)

    def on_virtual_list_chosen(self, message: VirtualList.Chosen) -> None:
        self.chosen.append(message.index)


def lines(app: ListApp) -> list[str]:
    """What the list draws, line by line."""
    return [app.list.render_line(y).text.rstrip() for y in range(app.list.size.height)]


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


async def test_only_the_rows_on_the_screen_are_fetched() -> None:
    rows = Source()
    app = ListApp(100_000, rows)
    async with app.run_test(size=(40, 10)) as pilot:
        assert lines(app)[0] == f"{SIGNS[0]}row 0"
        assert lines(app)[9] == f"{SIGNS[2]}row 9"
        assert rows.asked == [(0, PAGE)]
        await press(pilot, "end")
        assert lines(app)[-1] == f"{SIGNS[0]}row 99999"
        assert rows.asked[1:] == [(100_000 - PAGE, 100_000)]
        assert app.highlighted == [0, 99_999]


async def test_pages_that_were_left_are_let_go() -> None:
    rows = Source()
    app = ListApp(100_000, rows)
    async with app.run_test(size=(40, 10)) as pilot:
        for page in range(1, PAGES + 2):
            app.list.go_to(page * PAGE)
            await pilot.pause()
            lines(app)
        fetched = len(rows.asked)
        app.list.go_to(20)
        await pilot.pause()
        lines(app)
        assert rows.asked[fetched:] == [(0, PAGE)]


@pytest.mark.parametrize(
    ("keys", "cursor"),
    [
        (["down"], 1),
        (["j", "j", "up"], 1),
        (["j", "k"], 0),
        (["up"], 0),
        (["pagedown"], 9),
        (["pagedown", "pagedown", "pageup"], 9),
        (["end"], 999),
        (["end", "down"], 999),
        (["end", "home"], 0),
    ],
)
async def test_keys_move_the_cursor_and_it_stays_in_view(keys: list[str], cursor: int) -> None:
    app = ListApp(1000, Source())
    async with app.run_test(size=(40, 10)) as pilot:
        await press(pilot, *keys)
        assert app.list.cursor == cursor
        assert app.highlighted[-1] == cursor
        assert f"{SIGNS[0]}row {cursor}" in lines(app)


async def test_enter_and_the_second_click_open_a_row() -> None:
    app = ListApp(1000, Source())
    async with app.run_test(size=(40, 10)) as pilot:
        await press(pilot, "down", "enter")
        assert app.chosen == [1]
        await pilot.click(VirtualList, offset=(5, 4))
        assert (app.list.cursor, app.chosen) == (4, [1])
        await pilot.click(VirtualList, offset=(5, 4), times=2)
        assert (app.list.cursor, app.chosen) == (4, [1, 4])


async def test_the_wheel_scrolls_and_leaves_the_cursor() -> None:
    app = ListApp(1000, Source())
    async with app.run_test(size=(40, 10)) as pilot:
        for _ in range(3):
            await pilot._post_mouse_events([events.MouseScrollDown], VirtualList, offset=(5, 2), button=0)
        await pilot.wait_for_animation()
        top = app.list.scroll_offset.y
        assert top > 0
        assert lines(app)[0] == f"{SIGNS[2]}row {top}"
        assert app.list.cursor == 0
        await pilot.click(VirtualList, offset=(5, 2))
        assert app.list.cursor == top + 2
        await press(pilot, "home")
        assert lines(app)[0] == f"{SIGNS[0]}row 0"


async def test_refreshed_rows_are_fetched_again_where_they_stood() -> None:
    rows = Source()
    app = ListApp(1000, rows)
    async with app.run_test(size=(40, 10)) as pilot:
        app.list.go_to(500)
        await pilot.pause()
        before = lines(app)
        rows.prefix = "changed"
        app.list.refresh_rows()
        await pilot.pause()
        assert lines(app) == [line.replace("row", "changed") for line in before]
        assert app.list.cursor == 500
        app.list.refresh_rows(100)
        await pilot.pause()
        assert app.list.cursor == 99
        assert f"{SIGNS[0]}changed 99" in lines(app)


async def test_another_source_starts_at_the_row_that_is_named() -> None:
    app = ListApp(1000, Source())
    async with app.run_test(size=(40, 10)) as pilot:
        app.list.set_source(3, Source("other"), cursor=2)
        await pilot.pause()
        assert [line for line in lines(app) if line.strip()] == [
            f"{SIGNS[2]}other 0",
            f"{SIGNS[2]}other 1",
            f"{SIGNS[0]}other 2",
        ]
        assert app.highlighted[-1] == 2
        told = len(app.highlighted)
        app.list.set_source(5, Source("third"), cursor=2)
        await pilot.pause()
        assert app.highlighted[told:] == [2]


async def test_an_empty_list_says_so_and_no_key_does_anything() -> None:
    app = ListApp(0, Source())
    async with app.run_test(size=(40, 10)) as pilot:
        await press(pilot, "down", "end", "pagedown", "enter", "up")
        await pilot.click(VirtualList, offset=(5, 4))
        assert (app.list.cursor, app.highlighted, app.chosen) == (-1, [], [])
        assert lines(app)[0].strip() == "nothing here"


async def test_rows_of_two_lines() -> None:
    app = ListApp(1000, Source(), row_height=2)
    async with app.run_test(size=(40, 10)) as pilot:
        assert lines(app)[:3] == [f"{SIGNS[0]}row 0", f"{SIGNS[0]}below 0", f"{SIGNS[2]}row 1"]
        await press(pilot, "end")
        assert lines(app)[-2:] == [f"{SIGNS[0]}row 999", f"{SIGNS[0]}below 999"]
        await pilot.click(VirtualList, offset=(5, 1))
        assert app.list.cursor == 995


async def test_lines_are_cut_by_cells_and_the_cursor_shows_without_focus() -> None:
    class Wide(Source):
        def __call__(self, start: int, stop: int) -> Sequence[Line]:
            return [Content("修理" * 30), Content("👩‍🔧" * 30), Content("[bold]plain[/bold]")][start:stop]

    app = ListApp(3, Wide())
    async with app.run_test(size=(21, 5)) as pilot:
        assert all(cell_len(line) <= 21 for line in lines(app))
        assert lines(app)[0].endswith("…")
        assert lines(app)[2] == f"{SIGNS[2]}[bold]plain[/bold]"
        app.set_focus(None)
        await pilot.pause()
        assert lines(app)[0].startswith(SIGNS[1])
