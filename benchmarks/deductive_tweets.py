"""Three formatting codes of seed 002 on real tweets: found by patterns, and asked of a small model.

The patterns must equal the columns HSTG and ATSN; where CAPT differs from the file's own rule of thumb each tweet
is listed. The same codes are then asked of a model on a seeded sample, twice, and tested against guessing.

    python benchmarks/deductive_tweets.py [--model embedded:qwen2.5-coder-0.5b] [--sample 60] [--patterns-only]
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from intercoder.agents.asking import NoAnswer
from intercoder.agents.deductive_coder import DeductiveCoder
from intercoder.agents.means import Means
from intercoder.agents.pattern_coder import find_pattern
from intercoder.agents.session import Session
from intercoder.agents.subgraph import material_of, standalone_session
from intercoder.core.agent_settings import DEFAULT_MODEL
from intercoder.core.codebook import Code, Codebook
from intercoder.core.deductive_settings import DeductiveCoderSettings
from intercoder.evals.randomness import binary, holm, repeat_test

DATA = Path(__file__).parents[2] / "shared" / "data" / "trump_tweets"
"""Real tweets beside the checkout; they are not part of the project."""
FILE = "tweets_2017_2018.csv"

LINKS = r"https?://\S+(*SKIP)(*FAIL)|"
"""Before a pattern: what stands in a link does not count."""
ACRONYMS = (
    "ABC BBC CBS CEO CFO CHIP CIA CNN COS CPAC DACA DHS DNA DNC DOD DOJ EPA ESPN FBI FCC FDA FEMA FISA FLOTUS GDP "
    "GOP HBCU HHS HUD ICE III IRS ISIS KKK MAGA MOAB MSNBC NAFTA NASA NATO NBA NBC NCAA NFL NHL NPR NRA NSA NSC "
    "NYC NYT PBS POTUS RNC SCOTUS SEC TPP TSA UAE UCLA UNGA UPS USA USAF USMC USSR VII VIP WSJ WTO"
)
"""Names in capitals that emphasise nothing."""
CAPITALS = r"(?:https?://\S+|[#@]\w+)(*SKIP)(*FAIL)|\b(?!(?:" + ACRONYMS.replace(" ", "|") + r")\b)[A-Z]{3,}\b"
CODES = (
    Code(
        id="HSTG",
        label="hashtag",
        definition="The tweet uses a hashtag: a word or acronym right after the sign #.",
        exclude=("Links.",),
        kind="pattern",
        pattern=LINKS + r"#\w",
    ),
    Code(
        id="ATSN",
        label="at sign",
        definition="The tweet uses the sign @.",
        include=("The @ of a retweet.",),
        exclude=("Links.",),
        kind="pattern",
        pattern=LINKS + "@",
    ),
    Code(
        id="CAPT",
        label="capitals for emphasis",
        definition="At least one whole word of the tweet is written in capital letters to stress it.",
        exclude=("Acronyms alone, such as FBI.", "Hashtags and links."),
        kind="pattern",
        pattern=CAPITALS,
    ),
)
"""Worded after seed 002, appendix B."""
COLUMNS = {"HSTG": "HSTG", "ATSN": "ATSN", "CAPT": "CAPT_heuristic"}


class Tweet(NamedTuple):
    """A tweet with the file's codes."""

    id: str
    text: str
    coded: Mapping[str, bool]


class Difference(NamedTuple):
    """A tweet on which pattern and file differ; `found` is what the pattern found."""

    tweet: Tweet
    found: str


def tweets(folder: Path = DATA) -> list[Tweet]:
    """All tweets of the file."""
    if not (folder / FILE).is_file():
        sys.exit(f"The tweets are not here: {folder / FILE}")
    with (folder / FILE).open(encoding="utf-8", newline="") as file:
        return [
            Tweet(row["tweet_id"], row["text"], {code: row[column] == "1" for code, column in COLUMNS.items()})
            for row in csv.DictReader(file)
        ]


def differences(code: Code, held: Sequence[Tweet]) -> list[Difference]:
    """Tweets on which the pattern and the file's column differ."""
    answers = [find_pattern(code, material_of({"text": tweet.text})) for tweet in held]
    return [
        Difference(tweet, answer.quote.text)
        for tweet, answer in zip(held, answers, strict=True)
        if (answer.value == "yes") != tweet.coded[code.id]
    ]


async def asked(model: str, held: Sequence[Tweet], *, again: bool) -> dict[str, list[str | None]]:
    """What a model says of each code on each tweet; None where it gave no usable answer."""
    codes = [code.model_copy(update={"kind": "model", "pattern": ""}) for code in CODES]
    settings = DeductiveCoderSettings()
    coder = DeductiveCoder(settings, Codebook(version=1, codes=tuple(codes)), Means(reference=model), again=again)
    session = standalone_session()
    return {
        code.id: list(await asyncio.gather(*(_value(coder, tweet, code, session) for tweet in held)))
        for code in codes
    }


async def _value(coder: DeductiveCoder, tweet: Tweet, code: Code, session: Session) -> str | None:
    try:
        answer = await coder.decide(material_of({"text": tweet.text}), code, session)
    except NoAnswer as missing:
        print(f"{tweet.id} {code.id}: {missing}", file=sys.stderr)
        return None
    return answer.value if answer else None


def report_patterns(held: Sequence[Tweet]) -> None:
    """Print how patterns and columns compare, with each difference."""
    for code in CODES:
        found = differences(code, held)
        print(f"{code.id}: {len(held) - len(found):,} of {len(held):,} tweets as in the file")
        for tweet, words in found:
            said = f"pattern finds {words!r}, file says no" if words else "pattern finds nothing, file says yes"
            print(f"  {tweet.id}: {said}: {' '.join(tweet.text.split())}")


def report_model(model: str, held: Sequence[Tweet]) -> None:
    """Ask the model twice and print the tests."""
    first, second = (asyncio.run(asked(model, held, again=again)) for again in (False, True))
    tests = {code: binary(answers.count("yes"), len(held) - answers.count(None)) for code, answers in first.items()}
    adjusted = holm([test.p for test in tests.values()])
    print(f"{model}, {len(held)} tweets\n{'':6}{'true':>6}{'Yes':>6}{'p':>9}{'Holm':>9}{'right':>7}  repeat test")
    for (code, test), p in zip(tests.items(), adjusted, strict=True):
        truth = ["yes" if tweet.coded[code] else "no" for tweet in held]
        right = sum(one == other for one, other in zip(first[code], truth, strict=True))
        repeat = repeat_test(first[code], second[code], categories=("yes", "no"))
        kappa = f"kappa {repeat.kappa.value:.2f} ({repeat.kappa.low:.2f} to {repeat.kappa.high:.2f})"
        print(
            f"{code:6}{truth.count('yes'):6}{test.counts[0]:6}{test.p:9.4f}{p:9.4f}{right / len(held):7.2f}"
            f"  {repeat.verdict}, {kappa}, p {repeat.p:.4f}"
        )


def main() -> None:
    """Compare, then ask."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--model", default=DEFAULT_MODEL)
    arguments.add_argument("--sample", type=int, default=60)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--patterns-only", action="store_true")
    options = arguments.parse_args()
    held = tweets()
    report_patterns(held)
    if not options.patterns_only:
        report_model(options.model, random.Random(options.seed).sample(held, options.sample))


if __name__ == "__main__":
    main()
