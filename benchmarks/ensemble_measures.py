"""How good labels are beside people's codes, with intervals: the columns of the seed's table 6 (seed 000, 5).

Everything is a mean over texts, or a function of sums over texts, so that a bootstrap over texts needs each text
measured once. A text that a system gave no label counts 0 in likeness, METEOR, ROUGE and BERTScore; it has no
part in length and in the words of labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from intercoder.evals.bootstrap import draws
from intercoder.evals.labels.bert_scores import bertscore
from intercoder.evals.labels.composite import IDEAL_LENGTH
from intercoder.evals.labels.text_overlap import meteor, rouge
from intercoder.evals.labels.words import words
from intercoder.evals.spaces.divergence import jensen_shannon

Floats: TypeAlias = npt.NDArray[np.float64]
Labels: TypeAlias = Sequence[str]
"""A system's label for each text; empty where it gave none."""
Embed: TypeAlias = Callable[[Sequence[str]], npt.NDArray[np.float32]]

RESAMPLES = 2000
MEANS = ("cosine", "judge", "meteor", "rouge1", "rouge2", "rougeL", "bert_p", "bert_r", "bert_f1", "given")
"""What is a mean over texts, in this order."""
COLUMNS = ("absolute", "composite", *MEANS, "length", "jsd", "brief")


class Judges(NamedTuple):
    """What compares labels with references."""

    embed: Embed
    """The embedding that moderation uses too."""
    judge: Embed | None
    """One that no system chose with; None leaves its column nan."""
    bert: Path | None
    """Encoder of BERTScore; None leaves its columns nan."""
    wordnet: Any = None
    """As for `evals.quality.meteor`."""


class Measured(NamedTuple):
    """One system, text by text."""

    means: Floats
    """Shape (texts, len(MEANS))."""
    lengths: Floats
    """Words of each label; 0 where there is none."""
    brief: Floats
    """Whether a label has at most five words."""
    counts: Floats
    """How often each label uses each word, shape (texts, words)."""
    unique: int
    """Distinct labels."""


class Sample(NamedTuple):
    """All systems on the same texts."""

    systems: dict[str, Measured]
    wanted: Floats
    """How often the references of each text use each word."""
    unique: int
    """Distinct references."""


class Interval(NamedTuple):
    """A value with the bounds of its 95% interval."""

    value: float
    low: float
    high: float


def measure(systems: Mapping[str, Labels], references: Sequence[Sequence[str]], judges: Judges) -> Sample:
    """Compare each label with the references of its text, of which the best match counts."""
    vocabulary = list(dict.fromkeys(word for text in chain(*systems.values(), *references) for word in words(text)))
    places = {word: place for place, word in enumerate(vocabulary)}
    return Sample(
        {name: _measured(labels, references, judges, places) for name, labels in systems.items()},
        np.stack([_counted(texts, places) for texts in references]),
        len({_plain(text) for text in chain(*references)}),
    )


def _measured(
    labels: Labels, references: Sequence[Sequence[str]], judges: Judges, places: Mapping[str, int]
) -> Measured:
    given = [place for place, label in enumerate(labels) if label]
    said = [labels[place] for place in given]
    means = np.zeros((len(labels), len(MEANS)))
    if given:
        means[given] = _compared(said, [list(references[place]) for place in given], judges)
    lengths = np.array([len(label.split()) for label in labels], np.float64)
    return Measured(
        means,
        lengths,
        np.array([0 < length <= IDEAL_LENGTH for length in lengths], np.float64),
        np.stack([_counted([label], places) for label in labels]),
        len({_plain(label) for label in said}),
    )


def _compared(labels: Labels, references: Sequence[list[str]], judges: Judges) -> Floats:
    """Everything that is a mean, for each label."""
    items = list(zip(references, labels, strict=True))
    overlaps = [rouge(texts, label) for texts, label in items]
    unknown = np.full((len(labels), 1), np.nan)
    columns = [
        likeness(labels, references, judges.embed)[:, None],
        likeness(labels, references, judges.judge)[:, None] if judges.judge else unknown,
        np.array([[meteor(texts, label, wordnet=judges.wordnet)] for texts, label in items]),
        np.array([[one.rouge1, one.rouge2, one.rougeL] for one in overlaps]),
        np.array(bertscore(references, labels, model=judges.bert).items) if judges.bert else unknown.repeat(3, 1),
        np.ones((len(labels), 1)),
    ]
    return np.concatenate(columns, axis=1)


def likeness(labels: Labels, references: Sequence[Sequence[str]], embed: Embed) -> Floats:
    """Cosine of each label and the nearest of its references."""
    flat = list(chain(*references))
    unit = dict(zip(flat, embed(flat), strict=True)) | dict(zip(labels, embed(labels), strict=True))
    pairs = zip(labels, references, strict=True)
    return np.array([max(float(unit[label] @ unit[text]) for text in texts) for label, texts in pairs])


def _counted(texts: Sequence[str], places: Mapping[str, int]) -> Floats:
    row = np.zeros(len(places))
    for word, times in Counter(chain(*map(words, texts))).items():
        row[places[word]] = times
    return row


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def estimates(sample: Sample, *, n_boot: int = RESAMPLES, seed: int = 0) -> dict[str, dict[str, Interval]]:
    """System -> column -> value and interval, by resampling texts; composites are relative to the systems here."""
    texts = len(sample.wanted)
    whole = _figures(sample, np.ones((1, texts)))
    drawn = np.concatenate(list(draws(np.ones(texts, np.int64), n_boot, seed)))
    again = _figures(sample, drawn)
    return {
        name: {
            column: Interval(float(found[column][0]), *np.nanpercentile(again[name][column], [2.5, 97.5]).tolist())
            for column in COLUMNS
        }
        for name, found in whole.items()
    }


def difference(sample: Sample, one: str, other: str, column: str, *, seed: int = 0) -> Interval:
    """How much more `one` has of a column than `other`, on the same texts."""
    texts = len(sample.wanted)
    drawn = np.concatenate([np.ones((1, texts)), *draws(np.ones(texts, np.int64), RESAMPLES, seed)])
    pair = sample._replace(systems={name: sample.systems[name] for name in (one, other)})
    found = _figures(pair, drawn)
    values = found[one][column] - found[other][column]
    return Interval(float(values[0]), *np.percentile(values[1:], [2.5, 97.5]).tolist())


def _figures(sample: Sample, times: Floats) -> dict[str, dict[str, Floats]]:
    """System -> column -> value for each resample, shape (resamples,); `times` is how often each text is in it."""
    found = {name: _own_figures(one, sample.wanted, times) for name, one in sample.systems.items()}
    signs = {"cosine": 1, "meteor": 1, "length": -1, "jsd": -1}
    scaled = [_scaled(np.stack([sign * own[column] for own in found.values()])) for column, sign in signs.items()]
    for own, values in zip(found.values(), np.mean(scaled, axis=0), strict=True):
        own["composite"] = values
    return found


def _own_figures(one: Measured, wanted: Floats, times: Floats) -> dict[str, Floats]:
    means = times @ one.means / times.sum(axis=1, keepdims=True)
    own = {column: means[:, place] for place, column in enumerate(MEANS)}
    given = times @ one.means[:, MEANS.index("given")]
    with np.errstate(invalid="ignore"):  # A resample may hold no text that got a label.
        own["length"], own["brief"] = times @ one.lengths / given, times @ one.brief / given
    own["jsd"] = jensen_shannon((times @ one.counts).T, (times @ wanted).T, base=2)
    brevity = np.minimum(1, IDEAL_LENGTH / own["length"])
    own["absolute"] = (np.clip(own["cosine"], 0, 1) + own["meteor"] + brevity + 1 - own["jsd"]) / 4
    return own


def _scaled(values: Floats) -> Floats:
    """Between the least and the greatest system of each resample; 0.5 where all tie. Shape (systems, resamples)."""
    least, greatest = values.min(axis=0), values.max(axis=0)
    room = greatest - least
    return np.where(room > 1e-12, (values - least) / np.where(room > 1e-12, room, 1), 0.5)
