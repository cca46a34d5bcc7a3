"""The screens, the keys that lead to them, and the modules they live in (imported when they are first shown)."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from intercoder.tui.screens.base import StudyScreen


class Place(NamedTuple):
    """A screen as it is found."""

    name: str
    title: str
    key: str
    screen: str
    tooltip: str


PLACES = (
    Place("revisions", "Revisions", "f2", "RevisionsScreen", "Approve, edit or reject what the reviser proposes."),
    Place("coding", "Coding", "f3", "CodingScreen", "Code segments yourself."),
    Place("disagreements", "Disagreements", "f4", "DisagreementsScreen", "Settle where coders differ."),
    Place("codebook", "Codebook", "f5", "CodebookScreen", "Look at the codebook, change it, undo changes."),
    Place("runs", "Runs", "f6", "RunsScreen", "Start, watch and stop runs."),
    Place("agreement", "Agreement", "f7", "AgreementScreen", "See how well coders agree, code by code."),
    Place("corpus", "Corpus", "f8", "CorpusScreen", "Read and search all segments."),
)


def build(place: Place) -> StudyScreen:
    """A new screen."""
    screen: StudyScreen = getattr(load(place), place.screen)()
    return screen


def load(place: Place) -> ModuleType:
    """The screen's module."""
    return import_module(f"intercoder.tui.screens.{place.name}")
