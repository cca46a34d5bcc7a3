"""Asking in a distillation: what failed is asked again by the next command."""

from pathlib import Path

from intercoder.core.protocols import LoggedAnswer
from intercoder.training.distillation.asking import RUN, Asking, asked
from tests.training.distillation.studies import make_study


def answer(key: str, asking: Asking, status: str, kind: str) -> LoggedAnswer:
    return LoggedAnswer.model_validate(
        {
            **dict.fromkeys(("segment_id", "coder", "model", "prompt", "prompt_hash", "text", "error"), "x"),
            **{"key": key, "run": asking.session.run, "round": asking.session.round, "role": "coder"},
            **{"status": status, "kind": kind},
        }
    )


def test_a_call_that_failed_is_in_an_earlier_round_for_the_next_command(tmp_path: Path) -> None:
    folder = make_study(tmp_path / "study", 4, people=())

    def command(key: str, status: str, kind: str) -> int:
        async def work(asking: Asking) -> int:
            assert asking.session.run == RUN
            await asking.session.log.put(answer(key, asking, status, kind))
            return asking.session.round

        return asked(folder, work)

    ways = [
        *(("ok", ""), ("invalid", ""), ("failed", "too_long"), ("failed", "refused"), ("failed", "error")),
        *(("failed", "timeout"), ("ok", ""), ("ok", "")),
    ]
    said = [command(f"{place}", *way) for place, way in enumerate(ways)]
    assert said == [1, 1, 1, 1, 1, 2, 3, 3], "what fails each time is not asked again"
