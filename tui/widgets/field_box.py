"""A field of a form, with its name above and what is wrong with it below."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static, TextArea

from intercoder.formats.revision_fields import FormField
from intercoder.tui.text import joined, line, shown
from intercoder.tui.widgets.hanging import MUTED


class FieldBox(Vertical):
    """One line or many, as the field says."""

    DEFAULT_CSS = """
    FieldBox { height: auto; margin-bottom: 1; }
    FieldBox Static { height: auto; }
    FieldBox Static.problem { display: none; }
    FieldBox.-wrong Static.problem { display: block; }
    FieldBox TextArea, FieldBox Input {
        height: auto; min-height: 1; max-height: 10; padding: 0 1; background: $panel 60%;
        border: none; border-left: outer $panel;
    }
    FieldBox TextArea:focus, FieldBox Input:focus { border: none; border-left: outer $primary; }
    FieldBox.-wrong TextArea, FieldBox.-wrong Input { border-left: outer $error; }
    """

    def __init__(self, field: FormField) -> None:
        super().__init__()
        self.field = field
        self.entry: Input | TextArea = (
            Input(field.text) if field.lines == 1 else TextArea(field.text, show_line_numbers=False, soft_wrap=True)
        )

    def compose(self) -> ComposeResult:
        """Name, field, problem."""
        hint = joined("  ", line(self.field.hint, 200, MUTED)) if self.field.hint else ""
        yield Static(joined(Content.styled(self.field.name, "bold"), hint), markup=False)
        yield self.entry
        yield Static("", classes="problem", markup=False)

    @property
    def text(self) -> str:
        """What stands in the field."""
        return self.entry.text if isinstance(self.entry, TextArea) else self.entry.value

    def tell(self, problem: str) -> None:
        """Say what is wrong, or nothing."""
        for below in self.query(".problem").results(Static):
            below.update(shown(f"! {problem}" if problem else ""))
        self.set_class(bool(problem), "-wrong")
