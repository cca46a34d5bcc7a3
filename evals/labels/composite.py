"""One figure for the quality of labels against references: the composite (seed 000, section 5.1), and its parts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from statistics import fmean
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from intercoder.core.errors import InputError
from intercoder.core.record import Record
from intercoder.evals.labels.bert_scores import check_items
from intercoder.evals.labels.text_overlap import meteor, reference_list, split_at_spaces
from intercoder.evals.labels.words import Tokenizer, words, written_without_spaces
from intercoder.evals.spaces.distances import Floats, checked_embeddings
from intercoder.evals.spaces.divergence import jensen_shannon

if TYPE_CHECKING:
    import pandas as pd

Embed: TypeAlias = Callable[[list[str]], npt.ArrayLike]
"""Gives each text an embedding: shape (texts, dimensions)."""
References: TypeAlias = Sequence[str | Sequence[str]]
"""For each item one reference or several."""

IDEAL_LENGTH = 5.0
"""Labels of at most so many words lose nothing for their length in `absolute`."""


class Components(Record):
    """What the composite is made of, for one system. nan where undefined."""

    cosine: float
    """Mean over items of the cosine of label and reference, -1 to 1."""
    meteor: float
    """Mean over items, 0 to 1."""
    length: float
    """Mean number of words of a label; fewer are better."""
    jsd: float
    """Jensen-Shannon divergence of the words of all labels from those of all references, 0 to 1; less is better."""


def components(
    candidates: Sequence[str],
    references: References,
    *,
    embed: Embed,
    wordnet: Any = None,
    tokenizer: Tokenizer | None = None,
) -> Components:
    """Cosine, METEOR, length and divergence of one system's labels (seed 000, section 5.1).

    Args:
        candidates: For each item the system's label.
        references: For each item the reference, or several, of which the best match counts.
        embed: Embeds texts; its rows need not have unit length.
        wordnet: As for `meteor`.
        tokenizer: Cuts texts into words, for languages written without spaces.

    Raises:
        InputError: Unequal numbers of labels and references, none, or blank ones.
        ModelError: WordNet is not pulled.
    """
    wanted = [reference_list(reference) for reference in references]
    check_items(wanted, candidates)
    unit = _unit_embeddings([*candidates, *chain(*wanted)], embed)
    return _components(candidates, wanted, unit, wordnet, tokenizer)


def _components(
    candidates: Sequence[str],
    references: Sequence[Sequence[str]],
    unit: Mapping[str, Floats],
    wordnet: Any,
    tokenizer: Tokenizer | None,
) -> Components:
    items = list(zip(candidates, references, strict=True))
    return Components(
        cosine=fmean(max(float(unit[label] @ unit[text]) for text in texts) for label, texts in items),
        meteor=fmean(meteor(texts, label, wordnet=wordnet, tokenizer=tokenizer) for label, texts in items),
        length=mean_length(candidates, tokenizer),
        jsd=word_divergence(candidates, list(chain(*references)), tokenizer=tokenizer),
    )


def composite(
    systems: Mapping[str, Sequence[str]],
    references: References,
    *,
    embed: Embed,
    wordnet: Any = None,
    tokenizer: Tokenizer | None = None,
) -> pd.DataFrame:
    """The composite of several systems: each component brought to 0 to 1 over them, then averaged.

    Length and divergence are turned round, so that 1 is always best. A component in which all systems tie
    counts 0.5 for each. The figure says how a system compares with the *others in this table*: add or leave
    out one, and all may change.

    Args:
        systems: For each system its label for each item.
        references: As for `components`.
        embed: As for `components`.
        wordnet: As for `meteor`.
        tokenizer: As for `components`.

    Returns:
        One row per system, in their order: cosine, meteor, length, jsd as `components` has them, and
        composite, 0 to 1. A system of which a component is undefined has an undefined composite.

    Raises:
        InputError: There are fewer than two systems, or as `components`; the message names the system.
        ModelError: WordNet is not pulled.
    """
    import pandas as pd

    if len(systems) < 2:
        raise InputError(
            "The composite compares systems with one another; it is undefined for fewer than two.",
            where="systems",
            remedy="Add another system, or use `absolute` for a single one.",
        )
    wanted = [reference_list(reference) for reference in references]
    for name, candidates in systems.items():
        check_items(wanted, candidates, where=f"system `{name}`")
    unit = _unit_embeddings([*chain(*systems.values()), *chain(*wanted)], embed)
    rows = {
        name: _components(candidates, wanted, unit, wordnet, tokenizer).model_dump()
        for name, candidates in systems.items()
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(Components.model_fields))
    scaled = table.assign(length=-table["length"], jsd=-table["jsd"]).apply(_scaled)
    return table.assign(composite=scaled.mean(axis=1, skipna=False))


def _scaled(column: pd.Series[float]) -> pd.Series[float]:
    """The values between the least (0) and the greatest (1); 0.5 where they tie."""
    least, greatest = column.min(), column.max()
    if math.isclose(least, greatest, rel_tol=0, abs_tol=1e-12):
        return column * 0 + 0.5
    return (column - least) / (greatest - least)


def absolute(
    candidates: Sequence[str],
    references: References,
    *,
    embed: Embed,
    wordnet: Any = None,
    tokenizer: Tokenizer | None = None,
) -> float:
    """The composite of a single system, on fixed scales: it does not depend on what it is compared with.

    The mean of the cosine (not below 0), METEOR, min(1, 5 / mean length) and 1 - divergence; 0 to 1.

    Args:
        candidates: For each item the system's label.
        references: As for `components`.
        embed: As for `components`.
        wordnet: As for `meteor`.
        tokenizer: As for `components`.

    Returns:
        The figure; nan where a component is undefined.

    Raises:
        InputError: As `components`.
        ModelError: WordNet is not pulled.
    """
    found = components(candidates, references, embed=embed, wordnet=wordnet, tokenizer=tokenizer)
    brevity = min(1.0, IDEAL_LENGTH / found.length) if found.length > 0 else math.nan
    return fmean((min(max(found.cosine, 0.0), 1.0), found.meteor, brevity, 1 - found.jsd))


def pairwise_cosine(systems: Mapping[str, Sequence[str]], *, embed: Embed) -> pd.DataFrame:
    """How alike two systems' labels for the same items are: mean cosine, for each pair (seed 000, figure 5).

    Args:
        systems: For each system its label for each item, in one order of items.
        embed: As for `components`.

    Returns:
        Symmetric table of systems, -1 to 1; 1 on the diagonal.

    Raises:
        InputError: Systems have unequal numbers of labels, none, or blank ones.
    """
    names = list(systems)
    for name in names:
        check_items([[label] for label in systems[names[0]]], systems[name], where=f"system `{name}`")
    unit = _unit_embeddings(list(chain(*systems.values())), embed)
    rows = [np.stack([unit[label] for label in systems[name]]) for name in names]
    return _square(names, lambda first, second: float((rows[first] * rows[second]).sum(axis=1).mean()))


def pairwise_jsd(systems: Mapping[str, Sequence[str]], *, tokenizer: Tokenizer | None = None) -> pd.DataFrame:
    """How far two systems' words are apart: Jensen-Shannon divergence, for each pair (seed 000, figure 6).

    Args:
        systems: For each system its labels; they need not be of the same items.
        tokenizer: As for `components`.

    Returns:
        Symmetric table of systems, 0 (the same words as often) to 1 (none in common); nan where undefined.
    """
    names = list(systems)
    return _square(
        names,
        lambda first, second: word_divergence(systems[names[first]], systems[names[second]], tokenizer=tokenizer),
    )


def word_divergence(first: Sequence[str], second: Sequence[str], *, tokenizer: Tokenizer | None = None) -> float:
    """Jensen-Shannon divergence (base 2) of how often two sets of texts use each word.

    Returns:
        0 to 1; nan if either has no words, or if without a tokenizer either is in a language that is written
        without spaces.
    """
    if tokenizer is None and any(written_without_spaces(" ".join(texts)) for texts in (first, second)):
        return math.nan
    cut = tokenizer or words
    counts = [Counter(chain(*map(cut, texts))) for texts in (first, second)]
    vocabulary = list(counts[0] | counts[1])
    weights = [np.array([count[word] for word in vocabulary], dtype=np.float64) for count in counts]
    return float(jensen_shannon(*weights, base=2))


def mean_length(labels: Sequence[str], tokenizer: Tokenizer | None = None) -> float:
    """Mean number of words of a label; nan without a tokenizer for languages that are written without spaces."""
    if tokenizer is None and written_without_spaces(" ".join(labels)):
        return math.nan
    cut = tokenizer or split_at_spaces
    return fmean(len(cut(label)) for label in labels)


def _unit_embeddings(texts: Sequence[str], embed: Embed) -> dict[str, Floats]:
    distinct = list(dict.fromkeys(texts))
    return dict(zip(distinct, checked_embeddings(embed(distinct), len(distinct), of="texts"), strict=True))


def _square(names: Sequence[str], measure: Callable[[int, int], float]) -> pd.DataFrame:
    """Table of a symmetric measure of pairs of systems."""
    import pandas as pd

    values = np.zeros((len(names), len(names)))
    for first in range(len(names)):
        for second in range(first + 1):
            values[first, second] = values[second, first] = measure(first, second)
    return pd.DataFrame(values, index=pd.Index(names), columns=pd.Index(names))
