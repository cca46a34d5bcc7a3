"""What stands on a terminal that is too small to work in."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Static

WIDTH, HEIGHT = 60, 18


def fits(size: Size) -> bool:
    """Whether there is room to work."""
    return size.width >= WIDTH and size.height >= HEIGHT


class TooSmall(ModalScreen[None]):
    """Covers everything until there is room again; nothing below is lost."""

    DEFAULT_CSS = """
    TooSmall { align: center middle; background: $background; }
    TooSmall > Static { width: auto; height: auto; text-align: center; }
    """

    def compose(self) -> ComposeResult:
        """How large it has to be."""
        yield Static(id="needed", markup=False)

    def on_screen_resume(self) -> None:
        """Go at once where there is room by now."""
        self._go_if_it_fits()

    def on_resize(self) -> None:
        """Go once there is room; until then say how large it is and has to be."""
        size = self.app.size
        self.query_one("#needed", Static).update(
            f"{size.width} x {size.height} is too small.\nMake the window at least\n{WIDTH} x {HEIGHT}."
        )
        self._go_if_it_fits()

    def _go_if_it_fits(self) -> None:
        if fits(self.app.size) and self.app.screen is self:
            self.dismiss()
