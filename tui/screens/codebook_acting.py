"""What a person can do to the codebook on its screen: ask for what it needs, say what hangs on it, make it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.codebook_acts import (
    added,
    divided,
    dropped,
    moved,
    recoloured,
    redefined,
    renamed,
    shifted,
    united,
    with_settings,
)
from intercoder.core.codebooks.codebook_words import in_words
from intercoder.core.revisions import Revision
from intercoder.core.shown import shown_safely
from intercoder.formats.revision_fields import FormField, form_fields, read_fields
from intercoder.graphs.codebook.codebook_acts import undo_latest, undone_by_next
from intercoder.graphs.codebook.codebook_edits import go_back
from intercoder.graphs.codebook.codebook_history import changes_between
from intercoder.stores.codebooks.counted_codebooks import latest_codebook
from intercoder.tui.code_details import change_rows
from intercoder.tui.dialogs import AskText, Choose
from intercoder.tui.screens.codebook_changing import CodebookChanging, check_change
from intercoder.tui.screens.codebook_history import HistoryDialog
from intercoder.tui.screens.colour_dialog import ColourDialog
from intercoder.tui.screens.form import Texts
from intercoder.tui.widgets.code_tree import CodeTree

PART = (("label", "Label", 1), ("definition", "Definition", 0))


def act_key(
    keys: str, action: str, name: str, tooltip: str, *, show: bool = True, shows: str | None = None
) -> Binding:
    """A key of the screen; the action names it."""
    id_ = action.replace("(", "_").replace(")", "").replace("-", "up").replace("'", "")
    return Binding(keys, action, name, tooltip=tooltip, id=f"codebook.{id_}", show=show, key_display=shows)


class CodebookActs(CodebookChanging):
    """The changes; a subclass shows the version that they are made of."""

    BINDINGS: ClassVar[list[BindingType]] = [
        act_key("enter,o", "segments", "Segments", "Open the segments that have the code."),
        act_key("r", "rename", "Rename", "Give the code another label."),
        act_key("d", "define", "Edit", "Edit what the code means: definition, rules, examples, pattern."),
        act_key("a", "add", "Add", "Add a code to the group of the code under the cursor."),
        act_key("x", "drop", "Drop", "Take the code out of the codebook."),
        act_key("s", "split", "Split", "Make two codes or more of the code."),
        act_key("space", "mark", "Mark", "Mark the code, to merge it with others.", show=False),
        act_key("m", "merge", "Merge", "Make one code of all that are marked."),
        act_key("c", "colour", "Colour", "Choose the code's colour."),
        act_key(
            "left_square_bracket,alt+up,shift+up", "shift(-1)", "Up", "Move the code up.", show=False, shows="["
        ),
        act_key(
            "right_square_bracket,alt+down,shift+down",
            "shift(1)",
            "Down",
            "Move the code down.",
            show=False,
            shows="]",
        ),
        act_key(
            "greater_than_sign", "deeper", "Into", "Move the code into the one above it.", show=False, shows=">"
        ),
        act_key("less_than_sign", "higher", "Out", "Move it out of its group.", show=False, shows="<"),
        act_key("p", "move_under", "Move", "Choose the group that the code shall be part of.", show=False),
        act_key("S", "settings", "Settings", "Whether a segment gets one code, and may be unsure.", show=False),
        act_key("u,ctrl+z", "undo", "Undo", "Undo the latest change of the codebook."),
        act_key("h", "history", "History", "See all versions, compare them, and go back to one."),
        act_key("slash", "filter", "Filter", "Show only codes whose label holds a text.", shows="/"),
        act_key("escape", "clear", "Clear", "Clear the filter and the marks.", show=False),
    ]

    @work(group="act")
    async def action_history(self) -> None:
        """Show all versions; go back to one that is chosen."""
        version = await self.app.push_screen_wait(HistoryDialog(self.folder, self.versions))
        if version is None:
            return
        target = await self.asked(lambda: latest_codebook(self.folder.engine, self.folder.study.id, version))
        if target is not None and await self.agrees(
            f"Go back to version {version}?", change_rows(changes_between(self.book, target)), []
        ):
            await self.done(lambda: go_back(self.folder, self.review.by, version))

    @work(group="act")
    async def action_rename(self) -> None:
        """Ask for the label; what was typed stays if somebody was first."""
        code, typed = self.code, ""
        while code is not None:
            seen, make = self.book, partial(_renamed, code)
            dialog = AskText(
                f"Rename {code.label}",
                value=typed or shown_safely(code.label),
                needed=True,
                check=partial(_check_label, make, seen),
            )
            answer: str | None = await self.app.push_screen_wait(dialog)
            if answer is None or await self.do(partial(make, answer), seen=seen):
                return
            code, typed = self.book.code(code.id), answer

    @work(group="act")
    async def action_define(self) -> None:
        """A form with all that the code says."""
        code = self.code
        if code is None:
            return
        form = Revision(kind="add", after=(code,))

        def make(book: Codebook, texts: Texts) -> list[Revision]:
            typed = _typed(form, texts)
            now = book.code(code.id) or code
            changed = {name: value for name, value in dict(typed).items() if getattr(code, name) != value}
            return redefined(book, now.model_copy(update=changed))

        await self.in_form(f"Edit {code.label}", [_fields(form)], make, ask="Make this change?")

    @work(group="act")
    async def action_add(self) -> None:
        """A form for a new code, in the group of the code under the cursor."""
        here = self.code
        row_is_group = here is not None and any(code.parent == here.id for code in self.book.codes)
        parent = (here.id if row_is_group else here.parent) if here is not None else ""
        group = self.book.code(parent)
        form = Revision(kind="add", after=(Code(id="c_new", label="", parent=parent),))

        def make(book: Codebook, texts: Texts) -> list[Revision]:
            typed = _typed(form, texts)
            return added(book, typed.model_copy(update={"parent": parent}))

        title = f"Add a code to {group.label}" if group else "Add a code"
        await self.in_form(title, [_fields(form)], make)

    @work(group="act")
    async def action_split(self) -> None:
        """A form with two parts, and more if wanted."""
        code = self.code
        if code is None:
            return

        def make(book: Codebook, texts: Texts) -> list[Revision]:
            places = sorted({int(key.partition(".")[0]) for key in texts})
            parts = [[texts.get(f"{place}.{name}", "") for name, _, _ in PART] for place in places]
            return divided(
                book, code.id, [(label, definition) for label, definition in parts if (label + definition).strip()]
            )

        hint = "Each part is a new code. Its rules and examples you can write once it is there."
        await self.in_form(
            f"Split {code.label}", [_part(0), _part(1)], make, further=_part, hint=hint, ask="Split it?"
        )

    @work(group="act")
    async def action_merge(self) -> None:
        """Ask which of the marked codes goes on, then for its label and definition."""
        codes = [code for code in map(self.book.code, self.to_merge) if code is not None]
        if len(codes) < 2:
            return
        names = [(code.label, code.definition) for code in codes]
        first = await self.app.push_screen_wait(Choose("Merge: which one goes on?", names))
        if first is None:
            return
        heir = codes[first]
        ids = [heir.id, *(code.id for code in codes if code is not heir)]

        def make(book: Codebook, texts: Texts) -> list[Revision]:
            label, definition = (_as_it_was(texts.get(f"0.{name}", ""), getattr(heir, name)) for name, _, _ in PART)
            return united(book, ids, label, definition)

        others = ", ".join(code.label for code in codes if code is not heir)
        hint = f"Takes in {others}: their rules, examples and segments. They go."
        await self.in_form(f"Merge into {heir.label}", [_part(0, heir)], make, hint=hint, ask="Merge them?")
        if all(self.book.code(one) is None for one in ids[1:]):
            self.code_tree.unmark_all()

    @work(group="act")
    async def action_drop(self) -> None:
        """Say what hangs on the code, and take it out."""
        if (code := self.code) is not None:
            code_id = code.id
            await self.do(lambda book: dropped(book, code_id), ask=f"Drop {code.label}?")

    @work(group="act")
    async def action_colour(self) -> None:
        """Ask for a colour."""
        if (code := self.code) is not None:
            code_id = code.id
            seen = self.book
            colour = await self.app.push_screen_wait(ColourDialog(code.label, code.colour))
            if colour is not None:
                await self.do(lambda book: recoloured(book, code_id, colour), seen=seen)

    @work(group="act")
    async def action_shift(self, by: int) -> None:
        """Change places with the code before or after."""
        if (code := self.code) is not None:
            code_id = code.id
            await self.do(lambda book: shifted(book, code_id, by))

    @work(group="act")
    async def action_deeper(self) -> None:
        """Move the code into the one above it in its group."""
        if (code := self.code) is not None:
            members = [one.id for one in self.book.codes if one.parent == code.parent]
            place = members.index(code.id)
            if place:
                await self._move(code.id, members[place - 1])

    @work(group="act")
    async def action_higher(self) -> None:
        """Move the code out of its group, to the level above."""
        code = self.code
        group = self.book.code(code.parent) if code else None
        if code is not None and group is not None:
            await self._move(code.id, group.parent)

    @work(group="act")
    async def action_move_under(self) -> None:
        """Ask for the group."""
        if (code := self.code) is not None:
            seen = self.book
            others = [one for one in seen.codes if one.id != code.id]
            names = [("(top level)", ""), *((one.label, one.definition) for one in others)]
            ids = ["", *(one.id for one in others)]
            here = ids.index(code.parent) if code.parent in ids else 0
            place = await self.app.push_screen_wait(Choose(f"Move {code.label} under", names, here))
            if place is not None:
                await self._move(code.id, ids[place], seen)

    @work(group="act")
    async def on_code_tree_dragged(self, event: CodeTree.Dragged) -> None:
        """A code was dragged onto another one: ask what is meant."""
        seen = self.book
        code, onto = seen.code(event.code_id), seen.code(event.onto)
        if code is None or onto is None:
            return
        names = [(f"make it part of {onto.label}", ""), (f"put it beside {onto.label}", "")]
        place = await self.app.push_screen_wait(Choose(f"Move {code.label}", names))
        if place is not None:
            await self._move(code.id, onto.id if place == 0 else onto.parent, seen)

    @work(group="act")
    async def action_settings(self) -> None:
        """Ask which setting to change."""
        book = self.book
        names = [
            (
                "let a segment have several codes, or none"
                if book.exclusive
                else "give each segment exactly one code",
                f"now: {'exactly one' if book.exclusive else 'several, or none'}",
            ),
            (
                "let coders no longer say `unsure`" if book.allow_unsure else "let coders say `unsure`",
                f"now: {'allowed' if book.allow_unsure else 'not allowed'}",
            ),
        ]
        place = await self.app.push_screen_wait(Choose("Settings of the codebook", names))
        if place == 0:
            await self.do(lambda now: with_settings(now, exclusive=not book.exclusive), ask="Change it?", seen=book)
        elif place == 1:
            await self.do(
                lambda now: with_settings(now, allow_unsure=not book.allow_unsure), ask="Change it?", seen=book
            )

    @work(group="act")
    async def action_undo(self) -> None:
        """Say what the latest change was, and undo it."""
        seen, by = self.book, f", by {self.versions[-1].by}" if self.versions else ""
        found = await self.asked(lambda: undone_by_next(self.folder))
        if found is None:
            return
        target, revisions = found
        rows = change_rows(in_words(revisions, {code.id: code.label for code in (*target.codes, *seen.codes)}))
        if await self.agrees(f"Undo version {seen.version}{by}?", rows, []):
            await self.done(lambda: undo_latest(self.folder, seen, self.review.by))

    async def _move(self, code_id: str, parent: str, seen: Codebook | None = None) -> None:
        await self.do(lambda book: moved(book, code_id, parent), ask="Move it?", seen=seen, lightly=True)

    @property
    def to_merge(self) -> tuple[str, ...]:
        """Marked codes; where one is marked alone, the one under the cursor too."""
        marked, here = self.code_tree.marked, self.code
        return tuple(dict.fromkeys([*marked, here.id])) if len(marked) == 1 and here is not None else marked


def _check_label(make: Callable[[str, Codebook], Sequence[Revision]], seen: Codebook, label: str) -> None:
    check_change(seen, make(label, seen))


def _renamed(code: Code, label: str, book: Codebook) -> list[Revision]:
    return renamed(book, code.id, _as_it_was(label, code.label))


def _as_it_was(typed: str, text: str) -> str:
    """What was typed; the text itself where it stands as it was shown."""
    return text if typed == shown_safely(text) else typed


def _fields(form: Revision) -> list[FormField]:
    """All that a code says; its pattern tells whether models or the pattern find it."""
    (code,) = form.after
    kept = [field for field in form_fields(form) if field.key not in ("0.kind", "0.pattern")]
    hint = "a regular expression that finds the code in place of models; blank for none"
    return [
        *kept,
        FormField(key="0.pattern", name="Pattern", hint=hint, text=shown_safely(code.pattern), lines=1),
    ]


def _typed(form: Revision, texts: Texts) -> Code:
    kind = "pattern" if texts.get("0.pattern", "").strip() else "model"
    return read_fields(form, {**texts, "0.kind": kind})[0]


def _part(place: int, code: Code | None = None) -> list[FormField]:
    """Label and definition of a part of a split, or of what a merge makes."""
    return [
        FormField(
            key=f"{place}.{key}", name=name, text=shown_safely(getattr(code, key)) if code else "", lines=lines
        )
        for key, name, lines in PART
    ]
