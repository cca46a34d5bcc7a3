"""Asking how a new sample is drawn: its name and size, then what may be left as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from textual.app import App

from intercoder.core.errors import InputError
from intercoder.core.shown import one_line
from intercoder.core.texts.sampling import seed_of
from intercoder.stores.corpus.attributes import study_attributes
from intercoder.stores.corpus.named_samples import check_name
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.database import reading
from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.dialogs import AskText, Choose

MOST_SPEAKERS = 200
"""Speakers that are offered at most."""


class AskedSample(NamedTuple):
    """What a person asks for."""

    name: str
    scope: Scope


async def ask_sample(app: App[Any], folder: StudyFolder, scope: Scope) -> AskedSample | None:
    """Ask for a sample; the same can be said to `intercoder sample`.

    Args:
        app: Where the questions are shown.
        folder: The study, whose speakers and attributes are offered.
        scope: What is known already, such as the unit.

    Returns:
        None where the person went away.
    """
    name = await app.push_screen_wait(
        AskText(
            "New sample: name",
            "As others will find it, such as calibration.",
            needed=True,
            check=lambda text: check_name(text, "sample") if text else None,
        )
    )
    if not name:
        return None
    size = await app.push_screen_wait(
        AskText("New sample: size", "How many segments?", "100", needed=True, check=_size)
    )
    if not size:
        return None
    with reading(folder.engine) as connection:
        attributes, speakers = study_attributes(connection, folder.study.id)
    asked = scope.model_copy(update={"sample": int(size), "seed": seed_of(name)})
    while True:
        options = [
            ("Draw it", f"{int(size):,} segments"),
            ("Seed", str(asked.seed)),
            ("Leave out speakers", ", ".join(asked.skip_speakers) or "nobody is left out"),
            ("Stratify by", asked.stratify or "nothing"),
        ]
        place = await app.push_screen_wait(Choose(f"New sample: {name}", options))
        if place is None:
            return None
        if place == 0:
            return AskedSample(name, asked)
        asked = await (_ask_seed, _ask_speakers, _ask_stratum)[place - 1](app, asked, (speakers, attributes))


Known = tuple[Sequence[str], Sequence[str]]
"""Speakers and attributes of the study."""


async def _ask_seed(app: App[Any], scope: Scope, _known: Known) -> Scope:
    hint = "The same seed draws the same segments. What stands here comes from the name."
    seed = await app.push_screen_wait(AskText("New sample: seed", hint, str(scope.seed), needed=True, check=_seed))
    return scope.model_copy(update={"seed": int(seed)}) if seed else scope


async def _ask_speakers(app: App[Any], scope: Scope, known: Known) -> Scope:
    """Ask for one speaker after the other, until the person says that it is enough."""
    speakers, place = known[0][:MOST_SPEAKERS], 0
    out = list(scope.skip_speakers)
    while True:
        options = [("That is all", f"{len(out):,} left out")]
        options += [(one, "✗ left out" if one in out else "") for one in speakers]
        chosen = await app.push_screen_wait(Choose("Whose segments are left out?", options, place))
        if not chosen:
            return scope if chosen is None else scope.model_copy(update={"skip_speakers": tuple(out)})
        one, place = speakers[chosen - 1], chosen
        out = [other for other in out if other != one] if one in out else [*out, one]


async def _ask_stratum(app: App[Any], scope: Scope, known: Known) -> Scope:
    options = [("nothing", "each segment with the same chance"), *((one, "") for one in known[1])]
    chosen = await app.push_screen_wait(Choose("Each value of what gets its share?", options))
    if chosen is None:
        return scope
    return scope.model_copy(update={"stratify": known[1][chosen - 1] if chosen else ""})


def _size(text: str) -> None:
    if text and not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise InputError("this is no number of segments.", remedy="Write digits, such as 100.")


def _seed(text: str) -> None:
    if text and not (text.removeprefix("-").isdecimal() and text.isascii()):
        raise InputError(f"{one_line(text, 40)} is no seed.", remedy="Write a whole number, such as 7.")
