"""Numbers and verdicts in words that need no handbook."""

import math

import pytest

from intercoder.core.deductive_settings import Calibration
from intercoder.evals.calibrating.calibration_verdict import explain, held_against
from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.dialogs import Choose
from intercoder.tui.screens.code_findings import p_told
from tests.tui.conftest import started, text_of
from tests.tui.test_agreement import ready


@pytest.mark.parametrize("width", [80, 120, 160])
async def test_a_verdict_that_was_not_shown_says_why(study: StudyFolder, width: int) -> None:
    app = started(study, "agreement")
    async with app.run_test(size=(width, 40)) as pilot:
        await ready(pilot)
        assert "% yes" in text_of(app) and " share " not in text_of(app)
        for _ in range(4):
            text = text_of(app)
            if "calibrated ─" in text and "not shown (too few to tell)" in text:
                break
            await pilot.press("down")
        else:
            pytest.fail(text)
        hints = 1 + (width >= 120)
        assert text.count("too few to tell") >= hints
        await pilot.press("slash")
        await pilot.pause()
        assert isinstance(app.screen, Choose)
        assert "not shown (too few to tell)" in text_of(app)


@pytest.mark.parametrize(
    ("p", "told"), [(0.0, "<0.001"), (0.0009, "<0.001"), (0.001, "0.001"), (math.nan, "undefined")]
)
def test_a_p_is_never_told_as_nothing(p: float, told: str) -> None:
    assert p_told(p) == told


def test_a_reason_says_what_is_compared() -> None:
    for people, told in ((2, "model with people less people with people"), (1, "agreement with the one person")):
        bounds = held_against(Calibration(), (-0.5, 0.9), (-0.5, 0.9), people)
        reason = explain(bounds, 3, 9, people)
        assert told in reason and "human" not in reason
