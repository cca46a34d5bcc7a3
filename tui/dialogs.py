"""Questions to the person: a text, yes or no, one of several. Escape answers nothing (None).

What was typed is not lost unasked: a dialog that is `unsaved` asks before it is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.fuzzy import Matcher
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from intercoder.core.errors import IntercoderError
from intercoder.core.shown import one_line
from intercoder.tui.text import joined, line, shown
from intercoder.tui.widgets.key_line import KeyLine

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer | None], Generic[Answer]):
    """A box over the screen: title, what `body` yields, and the keys below.

    Awaited in a worker: `answer = await self.app.push_screen_wait(AskText(...))`.
    """

    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog > Vertical {
        width: 90%; max-width: 90; height: auto; max-height: 90%;
        background: $surface; border: round $primary; padding: 0 1; border-title-style: bold;
    }
    Dialog Static { height: auto; }
    Dialog .hint { color: $text-muted; }
    Dialog .problem { color: $error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", tooltip="Close without an answer.", id="dialog.cancel"),
    ]

    def __init__(self, title: str) -> None:
        super().__init__()
        self.about = title

    def compose(self) -> ComposeResult:
        """The box."""
        with Vertical() as box:
            box.border_title = line(self.about, 80)
            yield from self.body()
        yield KeyLine()

    def body(self) -> ComposeResult:
        """What is asked."""
        raise NotImplementedError

    @property
    def unsaved(self) -> bool:
        """Whether what stands here is other than what stood here at first, and not kept yet."""
        return False

    @property
    def typed(self) -> str:
        """What a person typed, to be given back to them if the program fails."""
        return ""

    def action_cancel(self) -> None:
        """Answer nothing; asks first where something typed would be lost."""
        if self.unsaved:
            self.app.push_screen(AskLeave(), self._leave)
        else:
            self.dismiss(None)

    def _leave(self, agreed: bool | None) -> None:
        if agreed:
            self.dismiss(None)


class AskText(Dialog[str]):
    """Asks for a text.

    Args:
        title: What it is for.
        hint: A sentence of explanation.
        value: What stands there first.
        needed: Whether it may not be blank.
        check: Raises an IntercoderError for what cannot be taken; its message is shown while the person types.
        lines: Rows of the field; one for a field that enter closes.
        do: Does what the text is asked for; an IntercoderError is shown, and the text stays.
    """

    DEFAULT_CSS = """
    AskText TextArea { height: 6; }
    AskText Input { margin: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "take", "OK", tooltip="Take the text.", id="dialog.take"),
    ]

    def __init__(
        self,
        title: str,
        hint: str = "",
        value: str = "",
        *,
        needed: bool = False,
        check: Callable[[str], object] | None = None,
        lines: int = 1,
        do: Callable[[str], object] | None = None,
    ) -> None:
        super().__init__(title)
        self._hint, self._value, self._needed, self._check, self._lines = hint, value, needed, check, lines
        self._do = do

    def body(self) -> ComposeResult:
        """The field, what is asked, and what is wrong."""
        if self._hint:
            yield Static(shown(self._hint), classes="hint", markup=False)
        yield Input(self._value, id="text") if self._lines == 1 else TextArea(self._value, id="text")
        yield Static("", classes="problem", markup=False)

    @property
    def text(self) -> str:
        """What stands in the field."""
        for field in self.query("#text"):
            return (
                field.text if isinstance(field, TextArea) else field.value if isinstance(field, Input) else ""
            ).strip()
        return self._value.strip()

    @property
    def unsaved(self) -> bool:
        """Whether the text is another than at the beginning."""
        return self.text != self._value.strip()

    @property
    def typed(self) -> str:
        """The text."""
        return self.text

    def on_input_changed(self) -> None:
        """Say at once what is wrong."""
        self._problem()

    def on_text_area_changed(self) -> None:
        """Say at once what is wrong."""
        self._problem()

    def on_input_submitted(self) -> None:
        """Enter takes a single line."""
        self.action_take()

    def action_take(self) -> None:
        """Take the text if nothing is wrong with it."""
        if self._problem(at_last=True):
            return
        try:
            if self._do is not None:
                self._do(self.text)
        except IntercoderError as error:
            self._tell(f"{error.message} {error.remedy}")
        else:
            self.dismiss(self.text)

    def _problem(self, *, at_last: bool = False) -> str:
        problem = ""
        if self._needed and not self.text:
            problem = "It may not be blank." if at_last else ""
        elif self._check is not None:
            try:
                self._check(self.text)
            except IntercoderError as error:
                problem = f"{error.message} {error.remedy}"
        self._tell(problem)
        return problem

    def _tell(self, problem: str) -> None:
        self.query_one(".problem", Static).update(shown(problem))


class AskYes(Dialog[bool]):
    """Asks whether to go on; enter or y is yes, n or escape is no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "yes", "Yes", tooltip="Go on.", id="dialog.yes"),
        Binding("n", "cancel", "No", tooltip="Leave it.", id="dialog.no"),
    ]

    def __init__(self, title: str, text: Content | str) -> None:
        super().__init__(title)
        self._text = text if isinstance(text, Content) else shown(text)

    def body(self) -> ComposeResult:
        """The question."""
        yield Static(self._text, markup=False)

    def action_yes(self) -> None:
        """Go on."""
        self.dismiss(True)


class AskLeave(AskYes):
    """Asks whether what was typed may be lost."""

    def __init__(self) -> None:
        super().__init__("Leave", "Leave without keeping what you typed?")


class AskBlind(AskYes):
    """Asks whether to see what others said of samples that the person has yet to code.

    Args:
        samples: Their names; at least one.
    """

    def __init__(self, samples: Sequence[str]) -> None:
        named = ", ".join(f"`{one_line(name, 70)}`" for name in samples)
        super().__init__("Coded blind", f"You would no longer code {named} blind. Show all the same?")


class Pick(Dialog[Answer]):
    """Asks for one of a list that narrows while one types; what is typed counts before the enter that follows it.

    A subclass says which options there are for what was typed (`options`), and what a chosen one means (`meaning`).
    """

    DEFAULT_CSS = """
    Pick OptionList { height: auto; max-height: 16; border: none; }
    """
    PLACEHOLDER: ClassVar[str] = "type to narrow, enter chooses"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
    ]

    def __init__(self, title: str, first: int = 0) -> None:
        super().__init__(title)
        self._first = first

    def body(self) -> ComposeResult:
        """A field that narrows, the list, and what is wrong."""
        yield Input(placeholder=self.PLACEHOLDER)
        yield OptionList()
        yield Static("", classes="problem", markup=False)

    def options(self, typed: str) -> Sequence[Option]:
        """What there is to choose from; raises an IntercoderError where what was typed leads to nothing."""
        raise NotImplementedError

    def meaning(self, option_id: str) -> Answer:
        """What an option stands for."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Show all, one of them marked."""
        self._narrow("")
        choices = self.query_one(OptionList)
        choices.highlighted = min(self._first, choices.option_count - 1) if choices.option_count else None

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what matches."""
        self._narrow(event.value)

    def on_input_submitted(self) -> None:
        """Enter chooses the marked one."""
        self._take()

    def on_option_list_option_selected(self) -> None:
        """A click chooses."""
        self._take()

    def action_move(self, by: int) -> None:
        """Move the mark."""
        choices = self.query_one(OptionList)
        if choices.option_count:
            choices.highlighted = ((choices.highlighted or 0) + by) % choices.option_count

    def _take(self) -> None:
        choices = self.query_one(OptionList)
        if choices.highlighted is not None:
            self.dismiss(self.meaning(choices.get_option_at_index(choices.highlighted).id or ""))

    def _narrow(self, typed: str) -> None:
        problem = ""
        options: Sequence[Option] = ()
        try:
            options = self.options(typed.strip())
        except IntercoderError as error:
            problem = f"{error.message} {error.remedy}"
        choices = self.query_one(OptionList)
        choices.set_options(options)
        choices.highlighted = 0 if options else None
        self.query_one(".problem", Static).update(shown(problem))


class Choose(Pick[int]):
    """Asks for one of several. Answers with the option's place.

    Args:
        title: What is chosen.
        options: Their names, and a longer text beside each that may be empty.
        chosen: Place of the one that is marked first.
    """

    def __init__(self, title: str, options: Sequence[tuple[str, str]], chosen: int = 0) -> None:
        super().__init__(title, chosen)
        self._named = list(options)

    def options(self, typed: str) -> Sequence[Option]:
        """Those that match, best first."""
        return [self._option(place) for place in fuzzy([name for name, _ in self._named], typed)]

    def meaning(self, option_id: str) -> int:
        """Its place."""
        return int(option_id)

    def _option(self, place: int) -> Option:
        name, more = self._named[place]
        beside = joined("  ", line(more, 100)).stylize("dim") if more else ""
        return Option(joined(line(name, 80), beside), id=str(place))


def fuzzy(names: Sequence[str], typed: str) -> list[int]:
    """Places of the names that match what was typed, best first; all in order where nothing was."""
    if not typed.strip():
        return list(range(len(names)))
    matcher = Matcher(typed.strip())
    scored = [(matcher.match(name), place) for place, name in enumerate(names)]
    return [place for score, place in sorted(scored, key=lambda one: (-one[0], one[1])) if score > 0]
