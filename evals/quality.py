"""Quality of codes against references: what the seed's tables and figures 2 to 6 are made of (seed 000, section 5).

References are what people coded. They are not the truth: a label that no reference resembles may still be a
good one, which these measures cannot see.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from intercoder.evals.labels.bert_scores import BertScore, bertscore, check_items
from intercoder.evals.labels.composite import (
    Components,
    Embed,
    References,
    absolute,
    components,
    composite,
    mean_length,
    pairwise_cosine,
    pairwise_jsd,
    word_divergence,
)
from intercoder.evals.labels.selection import Validation, select, validate
from intercoder.evals.labels.text_overlap import Rouge, meteor, reference_list, rouge
from intercoder.evals.labels.words import Tokenizer

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "BertScore",
    "Components",
    "Embed",
    "References",
    "Rouge",
    "Validation",
    "absolute",
    "bertscore",
    "components",
    "composite",
    "meteor",
    "pairwise_cosine",
    "pairwise_jsd",
    "rouge",
    "scores",
    "select",
    "validate",
    "word_divergence",
]


def scores(
    systems: Mapping[str, Sequence[str]],
    references: References,
    *,
    model: str | Path | None = None,
    tokenizer: Tokenizer | None = None,
) -> pd.DataFrame:
    """ROUGE, BERTScore, length and number of unique codes of several systems (seed 000, table 6 and figure 4).

    Args:
        systems: For each system its label for each item.
        references: For each item one reference, or several, of which the best match counts.
        model: The folder of BERTScore's encoder; without one its columns are nan.
        tokenizer: Cuts texts into words, for languages written without spaces.

    Returns:
        One row per system: rouge1, rouge2, rougeL (mean F1 over items; nan if one is undefined),
        bertscore_precision, bertscore_recall, bertscore_f1, length (mean number of words) and unique (distinct
        labels, case and white space aside). `select` takes it as it is.

    Raises:
        InputError: Unequal numbers of labels and references, none, or blank ones.
        ModelError: The folder holds no encoder.
    """
    import pandas as pd

    rows = {}
    for name, labels in systems.items():
        wanted = [reference_list(reference) for reference in references]
        check_items(wanted, labels, where=f"system `{name}`")
        found = [rouge(texts, label, tokenizer=tokenizer) for texts, label in zip(wanted, labels, strict=True)]
        bert = bertscore(wanted, labels, model=model) if model is not None else None
        rows[name] = {
            **{column: fmean(getattr(item, column) for item in found) for column in Rouge.model_fields},
            **{f"bertscore_{part}": getattr(bert, part, math.nan) for part in ("precision", "recall", "f1")},
            "length": mean_length(labels, tokenizer),
            "unique": len({" ".join(label.casefold().split()) for label in labels}),
        }
    return pd.DataFrame.from_dict(rows, orient="index")
