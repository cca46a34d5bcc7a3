"""BERTScore: similarity of contextual token embeddings (Zhang et al. 2020; seed 000, section 5)."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from intercoder.core.errors import InputError, ModelError
from intercoder.core.record import Record
from intercoder.evals.labels.text_overlap import reference_list


class ItemScore(NamedTuple):
    """BERTScore of one label."""

    precision: float
    recall: float
    f1: float


class BertScore(Record):
    """Means over the items, and each item's own. About 0 to 1; unrelated labels are far above 0."""

    precision: float
    recall: float
    f1: float
    items: tuple[ItemScore, ...]
    layers: int
    """Of the model, counted to the one whose output was compared."""


def bertscore(
    references: Sequence[str | Sequence[str]],
    candidates: Sequence[str],
    *,
    model: str | Path,
    layers: int | None = None,
    batch_size: int = 64,
) -> BertScore:
    """BERTScore of labels against references: no idf weights, no rescaling, on the CPU.

    Figures of different models, or of different layers of one, cannot be compared.

    Args:
        references: For each item the reference, or several, of which the one with the best F1 counts.
        candidates: For each item the label.
        model: A folder on this machine with an encoder: config.json, weights, tokenizer (a
            sentence-transformers folder is one).
        layers: Compare the output of the so many-th layer; by default of the last.
        batch_size: Labels encoded at once.

    Raises:
        InputError: Unequal numbers of references and labels, none, or blank ones.
        ModelError: The folder is not such a model, or packages are missing.
    """
    wanted = [reference_list(reference) for reference in references]
    check_items(wanted, candidates)
    pairs = [(text, label) for label, texts in zip(candidates, wanted, strict=True) for text in texts]
    encoder = _load(Path(model).expanduser(), layers)
    rows = iter(_score(encoder, pairs, batch_size))
    items = tuple(max((next(rows) for _ in texts), key=lambda item: item.f1) for texts in wanted)
    precision, recall, f1 = (fmean(column) for column in zip(*items, strict=True))
    return BertScore(precision=precision, recall=recall, f1=f1, items=items, layers=encoder.layers)


class _Encoder(NamedTuple):
    model: Any
    tokenizer: Any
    layers: int


@lru_cache(maxsize=1)
def _load(folder: Path, layers: int | None) -> _Encoder:
    """The encoder, cut after so many layers.

    Loaded here rather than by bert-score, which takes any path with `t5` in it for a T5 model and asks a hub
    for a folder that is missing.
    """
    try:
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        import bert_score  # noqa: F401
        from transformers import AutoConfig, AutoModel, AutoTokenizer
    except ImportError as error:
        raise ModelError(
            f"BERTScore needs packages that are not installed: {error.name}.",
            where="model",
            remedy="Run: pip install 'intercoder[embedded]'",
        ) from error
    if not (folder / "config.json").is_file():
        raise _not_an_encoder(folder, "it has no config.json")
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        config.num_hidden_layers = _checked_layers(layers, config.num_hidden_layers)
        model = AutoModel.from_pretrained(folder, config=config, local_files_only=True, dtype="float32").eval()
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, AttributeError) as error:
        raise _not_an_encoder(folder, str(error).strip().partition("\n")[0]) from error
    # Some tokenizers know no limit, and positions of RoBERTa begin at 2.
    tokenizer.model_max_length = min(tokenizer.model_max_length, config.max_position_embeddings - 2)
    return _Encoder(model, tokenizer, config.num_hidden_layers)


def _not_an_encoder(folder: Path, reason: str) -> ModelError:
    return ModelError(
        f"The folder is not a usable encoder: {reason}.",
        where=str(folder),
        remedy="Give one with config.json, weights and tokenizer: `intercoder models path minilm-l6` prints one.",
    )


def _checked_layers(layers: int | None, there: int) -> int:
    if layers is None:
        return there
    if not 1 <= layers <= there:
        raise InputError(
            f"The model has {there} layers.", where="layers", remedy=f"Give 1 to {there}, not {layers}."
        )
    return layers


def _score(encoder: _Encoder, pairs: Sequence[tuple[str, str]], batch_size: int) -> list[ItemScore]:
    from bert_score.utils import bert_cos_score_idf

    # Every token weighs 1, but for those that mark where a text begins and ends.
    weights: defaultdict[int, float] = defaultdict(lambda: 1.0)
    weights.update({encoder.tokenizer.sep_token_id: 0.0, encoder.tokenizer.cls_token_id: 0.0})
    references, labels = map(list, zip(*pairs, strict=True))
    scores = bert_cos_score_idf(
        encoder.model, references, labels, encoder.tokenizer, weights, device="cpu", batch_size=batch_size
    )
    return [ItemScore(*row) for row in scores.tolist()]


def check_items(
    references: Sequence[Sequence[str]], candidates: Sequence[str], *, where: str = "candidates"
) -> None:
    """See that every item has a label and a reference.

    Raises:
        InputError: There are none, unequal numbers, or blank ones; the message names the item.
    """
    if len(references) != len(candidates) or not candidates:
        raise InputError(
            f"There are {len(candidates)} labels for {len(references)} references.",
            where=where,
            remedy="Give one label and one reference per item, and at least one item.",
        )
    for item, texts in enumerate(zip(candidates, references, strict=True)):
        for text in (texts[0], *texts[1]):
            if not isinstance(text, str) or not text.strip():
                raise InputError(
                    f"Item {item} has a blank label or reference: {text!r}.",
                    where=where,
                    remedy="Leave out items that were given no code.",
                )
