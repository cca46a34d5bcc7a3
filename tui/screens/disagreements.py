"""Disagreements: what coders differ on, most informative first; settled here, or sent to the reviser."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from intercoder.core.coding.settling import Unit
from intercoder.core.decisions import Value
from intercoder.core.shown import counted
from intercoder.graphs.differing.disagreements import GRAPHS, PEOPLE, about
from intercoder.graphs.differing.settling import UnitPage, settle, take_settlement_back
from intercoder.stores.corpus.named_samples import sample_names
from intercoder.stores.database import reading
from intercoder.stores.runs.runs import list_runs
from intercoder.tui.dialogs import AskText, Choose
from intercoder.tui.screens.disagreement_list import Asked, DisagreementList, place_of
from intercoder.tui.widgets.unit_row import LEGEND
from intercoder.tui.widgets.virtual_list import VirtualList

CALIBRATION = "Codes are tried on this sample. Once the reviser saw of it, try the next version on another. "


class DisagreementsScreen(DisagreementList):
    """The list, and what a person says about the unit under the cursor."""

    NAME = "disagreements"
    HELP = (
        "Segments and codes on which coders differ, people and models. Those that tell most come first: where the "
        "coders are most divided, where people and the model differ, of codes with the least agreement. Settle "
        f"them with a note, or send them to the reviser as evidence; settled ones sink. {LEGEND}"
    )
    CSS = """
    DisagreementsScreen #panes { layout: vertical; height: 1fr; }
    DisagreementsScreen #left { height: 8; width: 1fr; }
    DisagreementsScreen #right { height: 1fr; width: 1fr; }
    DisagreementsScreen.-normal #panes, DisagreementsScreen.-wide #panes { layout: horizontal; }
    DisagreementsScreen.-normal #left { height: 1fr; width: 42; }
    DisagreementsScreen.-wide #left { height: 1fr; width: 64; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "settle('yes')", "Yes", tooltip="Settle it: the code applies.", id="disagreements.yes"),
        Binding("n", "settle('no')", "No", tooltip="Settle it: the code does not apply.", id="disagreements.no"),
        Binding(
            "u",
            "settle('unsure')",
            "Unsure",
            tooltip="Settle it: it cannot be decided from the text.",
            id="disagreements.unsure",
        ),
        Binding(
            "e",
            "send",
            "To reviser",
            tooltip="Send it to the reviser as evidence, with a note.",
            id="disagreements.send",
        ),
        Binding(
            "z,ctrl+z",
            "take_back",
            "Undo",
            tooltip="Take back what you said of this unit last.",
            id="disagreements.undo",
        ),
        Binding("slash", "filter", "Code", tooltip="List only units about one code.", id="disagreements.filter"),
        Binding(
            "r", "choose_run", "Run", tooltip="Choose the run whose coders are compared.", id="disagreements.run"
        ),
        Binding(
            "m",
            "choose_sample",
            "Sample",
            show=False,
            tooltip="List only segments of one sample.",
            id="disagreements.sample",
        ),
        Binding(
            "v",
            "unblind",
            "Show others",
            tooltip="Show the units of samples that you have not coded yet; asks first.",
            id="disagreements.unblind",
        ),
        Binding(
            "o",
            "open",
            "Open",
            show=False,
            tooltip="Read the segment in its document.",
            id="disagreements.open",
        ),
        Binding(
            "escape",
            "back",
            "Back",
            show=False,
            tooltip="Go back to the list; from there, list everything.",
            id="disagreements.back",
        ),
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what does not apply to the unit under the cursor."""
        page = self._page
        if action in ("settle", "send", "open"):
            exclusive = self._found is not None and self._found.by_segment and not self._found.own_codes
            return None if page is None or (exclusive and parameters == ("no",)) else True
        if action == "unblind":
            return bool(self._samples)
        if action == "take_back":
            return True if page is not None and page.settled is not None else None
        return True

    @work(exclusive=True, group="ask", description="ask")
    async def action_settle(self, value: Value) -> None:
        """Ask why, and for the code where the unit is a segment; then settle it."""
        page = self._page
        if page is None:
            return
        label = ""
        if page.code is None and value == "yes":
            options = [(name, "") for name in page.choices]
            place = await self.app.push_screen_wait(Choose("Which code does the segment get?", options))
            if place is None:
                return
            label = page.choices[place]
        told = label or ("nothing to code" if page.code is None and value == "no" else value)
        name = f"{page.code.label}: {told}" if page.code else told
        hint = "Why? The note is kept, and shown to the reviser without your name."
        say = partial(self._say, page, value, label=label)
        following = self._next(page.unit)
        if await self.app.push_screen_wait(AskText(name, hint, needed=True, do=say)):
            self._wanted = following
            self.load()

    @work(exclusive=True, group="ask", description="ask")
    async def action_send(self) -> None:
        """Ask what the reviser shall look at, and send the unit."""
        page = self._page
        if page is None:
            return
        tried = page.run is not None and page.run.graph == "calibrate"
        hint = f"{CALIBRATION if tried else ''}What shall it look at? Your name is not shown."
        settled = page.settled
        value = settled.note if settled else ""
        say = partial(self._say, page, "", evidence=True)
        if await self.app.push_screen_wait(AskText("Send to the reviser", hint, value, needed=True, do=say)):
            self._wanted = page.unit
            self.load()

    def action_take_back(self) -> None:
        """Take back what was said of it last."""
        unit = self._unit
        if unit is None:
            return
        step = self.attempt(take_settlement_back, self.folder, unit, by=self.review.by, at=self.review.clock())
        if step is not None:
            self._wanted = unit
            self.load()

    @work(exclusive=True, group="ask", description="ask")
    async def action_filter(self) -> None:
        """Choose the code."""
        if self._whole is None:
            return
        codes = list(self._whole.book.leaves)
        units = [len(about(self._whole, code.id).units) for code in codes]
        options = [("all codes", f"{len(self._whole.units):,}")]
        options += [(code.label, f"{number:,}") for code, number in zip(codes, units, strict=True)]
        place = await self.app.push_screen_wait(Choose("Units about which code?", options))
        if place is not None:
            self._ask(self._asked._replace(code=codes[place - 1].id if place else ""))

    @work(exclusive=True, group="ask", description="ask")
    async def action_choose_run(self) -> None:
        """Choose the run."""
        runs = [run for run in reversed(list_runs(self.folder.engine, self.folder.study.id)) if run.graph in GRAPHS]
        options = [(run.id, counted(run.total, "segment")) for run in runs] + [(PEOPLE, "without a model")]
        place = await self.app.push_screen_wait(Choose("Whose coders are compared?", options))
        if place is not None:
            self._ask(Asked(run=options[place][0]))

    @work(exclusive=True, group="ask", description="ask")
    async def action_choose_sample(self) -> None:
        """Choose the sample."""
        with reading(self.folder.engine) as connection:
            names = sample_names(connection, self.folder.study.id)
        options = [("all segments", ""), *((name, "") for name in names)]
        place = await self.app.push_screen_wait(Choose("Segments of which sample?", options))
        if place is not None:
            self._ask(self._asked._replace(sample=names[place - 1] if place else ""))

    def action_open(self) -> None:
        """Read the segment in its document."""
        unit = self._unit
        if unit is not None:
            self.review.go("corpus", segment=unit[0])

    def action_back(self) -> None:
        """Go back to the list; from there, take the filters off."""
        units = self.query_one(VirtualList)
        if not units.has_focus:
            units.focus()
        elif self._asked.code or self._asked.sample:
            self._ask(Asked(run=self._asked.run))

    def _ask(self, asked: Asked) -> None:
        self._asked = asked
        self.load()

    def _say(
        self, page: UnitPage, value: Value, note: str, *, label: str = "", evidence: bool | None = None
    ) -> None:
        """Write what the person says; an error is shown beside the note, which stays."""
        settle(
            self.folder,
            page.run,
            page.unit,
            value,
            note,
            by=self.review.by,
            label=label,
            evidence=evidence,
            seen=page.settled.number if page.settled else 0,
            at=self.review.clock(),
        )

    def _next(self, unit: Unit) -> Unit | None:
        """The unit below; the one itself where it is the last."""
        if self._found is None:
            return None
        place = place_of(self._found.units, unit)
        return self._found.units[min(place + 1, len(self._found.units) - 1)].unit if place >= 0 else None
