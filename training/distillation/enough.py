"""Whether there is enough of what people decided: refused before anything is written, asked or trained."""

from __future__ import annotations

from collections.abc import Sequence

from intercoder.core.codebook import Code
from intercoder.core.errors import InputError
from intercoder.core.shown import counted
from intercoder.training.distillation.human_data import HumanData, HumanItem
from intercoder.training.distillation.parts import PARTS, Parts


def check_enough(data: HumanData, fewest: int) -> None:
    """Refuse codes that people gave, or refused, to too few segments.

    Args:
        data: What people decided.
        fewest: Segments of each answer that are needed.

    Raises:
        InputError: With the numbers that there are, and how many are needed.
    """
    few = [told for code in data.codes if (told := _lacking(data, code, fewest))]
    if few:
        raise InputError(
            f"there is too little to learn from: {'; '.join(few)}.",
            where=", ".join(code.label for code in data.codes) if len(data.codes) == 1 else "--all",
            remedy=_remedy(data, fewest),
        )


def check_parts(parts: Parts, codes: Sequence[Code]) -> None:
    """Refuse a split in which a part holds only one answer of a code.

    Raises:
        InputError: With the part and the code.
    """
    for name, part in zip(PARTS, parts.each, strict=True):
        for code in codes:
            for value, word in ((True, "gave"), (False, "refused")):
                if not _count(part, code, value):
                    raise InputError(
                        f"the {name.replace('_', '-')} part holds no segment that people {word} `{code.label}` to.",
                        where=code.label,
                        remedy="Try another split with `--set split_seed=1`, or have people code more documents.",
                    )


def _lacking(data: HumanData, code: Code, fewest: int) -> str:
    """What a code lacks; empty for nothing."""
    yes, no = data.count(code.id, True), data.count(code.id, False)
    if not yes and not no:
        return f"nobody decided about `{code.label}`"
    if not no:
        return f"people gave `{code.label}` to all {counted(yes, 'segment')}, so there is nothing to tell it from"
    if not yes:
        return f"people gave `{code.label}` to none of {counted(no, 'segment')}, and {fewest} are needed"
    if yes < fewest:
        return f"people gave `{code.label}` to {counted(yes, 'segment')}, and {fewest} are needed"
    if no < fewest:
        return f"people refused `{code.label}` on {counted(no, 'segment')}, and {fewest} are needed"
    return ""


def _remedy(data: HumanData, fewest: int) -> str:
    most = max(fewest - min(data.count(code.id, True), data.count(code.id, False), fewest) for code in data.codes)
    others = "" if len(data.codes) == 1 or data.head == "one_of_k" else ", or name the other codes with `--code`"
    return (
        f"Have people code until there {'is' if most == 1 else 'are'} {most} more"
        f"; a sample drawn by the model's answers finds rare ones sooner{others}."
    )


def _count(part: Sequence[HumanItem], code: Code, value: bool) -> int:
    return sum(item.targets.get(code.id) is value for item in part)
