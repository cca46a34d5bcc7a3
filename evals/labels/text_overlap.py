"""Words that a label shares with a reference: ROUGE and METEOR (seed 000, section 5)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from intercoder.core.errors import InputError
from intercoder.core.record import Record
from intercoder.evals.labels.wordnet import wordnet as pulled_wordnet
from intercoder.evals.labels.words import Tokenizer, words, written_without_spaces


class Rouge(Record):
    """F1 of ROUGE, each 0 (nothing shared) to 1; nan where undefined."""

    rouge1: float
    """Of single words."""
    rouge2: float
    """Of pairs of neighbouring words; 0 where a side has a single word."""
    rougeL: float
    """Of the longest common subsequence of words."""


_UNDEFINED = Rouge(rouge1=math.nan, rouge2=math.nan, rougeL=math.nan)


def rouge(reference: str | Sequence[str], candidate: str, *, tokenizer: Tokenizer | None = None) -> Rouge:
    """ROUGE-1, -2 and -L of a label against a reference (Lin 2004), no stemming.

    Args:
        reference: The reference label, or several, of which the best match counts (for each ROUGE its own).
        candidate: The label.
        tokenizer: Cuts texts into words; by default Unicode words of the case-folded text.

    Returns:
        F1 scores; nan if no reference has a word, or if without a tokenizer a text is in a language that is
        written without spaces.

    Raises:
        InputError: There is no reference.
    """
    references = reference_list(reference)
    if not _has_words([*references, candidate], tokenizer):
        return _UNDEFINED
    cut = tokenizer or words
    named = [text for text in references if cut(text)]
    if not named:
        return _UNDEFINED
    scores = _scorer(cut).score_multi(named, candidate)
    return Rouge(**{name: float(score.fmeasure) for name, score in scores.items()})


def meteor(
    reference: str | Sequence[str],
    candidate: str,
    *,
    wordnet: Any = None,
    tokenizer: Tokenizer | None = None,
) -> float:
    """METEOR of a label against a reference: words that are equal, of one stem, or synonyms (Banerjee, Lavie 2005).

    Not symmetric: the reference comes first. Short labels do not reach 1 even where they are identical
    (three words: 0.98148), as the chunk penalty is 0.5 / words^3.

    Args:
        reference: The reference label, or several, of which the best match counts.
        candidate: The label.
        wordnet: What knows synonyms, such as `wordnet.wordnet(folder)`; by default WordNet as pulled.
        tokenizer: Cuts texts into words; by default the lower-cased text is split at white space.

    Returns:
        0 to just below 1; nan if no reference has a word, or if without a tokenizer a text is in a language
        that is written without spaces.

    Raises:
        InputError: There is no reference.
        ModelError: WordNet is wanted and not pulled; the remedy is the command.
    """
    from nltk.translate.meteor_score import meteor_score

    references = reference_list(reference)
    cut = tokenizer or split_at_spaces
    named = [list(cut(text)) for text in references if cut(text)]
    if not named or not _has_words([*references, candidate], tokenizer):
        return math.nan
    return float(meteor_score(named, list(cut(candidate)), wordnet=wordnet or pulled_wordnet()))


def split_at_spaces(text: str) -> list[str]:
    """The lower-cased text, split at white space."""
    return text.lower().split()


def reference_list(reference: str | Sequence[str]) -> list[str]:
    """One reference or several, as a list.

    Raises:
        InputError: There is none.
    """
    references = [reference] if isinstance(reference, str) else list(reference)
    if not references:
        raise InputError("There is no reference.", where="reference", remedy="Leave out items without one.")
    return references


def _has_words(texts: Sequence[str], tokenizer: Tokenizer | None) -> bool:
    return tokenizer is not None or not any(map(written_without_spaces, texts))


@lru_cache(maxsize=4)
def _scorer(cut: Tokenizer) -> Any:
    from rouge_score.rouge_scorer import RougeScorer
    from rouge_score.tokenizers import Tokenizer as RougeTokenizer

    class Words(RougeTokenizer):  # type: ignore[misc]
        def tokenize(self, text: str) -> list[str]:
            return list(cut(text))

    return RougeScorer(["rouge1", "rouge2", "rougeL"], tokenizer=Words())
