"""What a reader of a classifier's figures has to know of LoRA adapters, which learn from people's codes too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from intercoder.core.adapters import on_base, read_data
from intercoder.core.classifiers import text_key
from intercoder.core.shown import counted
from intercoder.training.distillation.asking import language_model
from intercoder.training.distillation.material import Material


def adapter_notes(material: Material, *, writes: bool, filters: bool) -> Iterator[str]:
    """A sentence for each adapter that learnt from what nobody is to learn from, or of which nobody can tell.

    Args:
        material: What people decided, in parts.
        writes: Whether segments are written.
        filters: Whether the coder says which of them are kept.
    """
    apart = [one.segment for part in material.parts.each[1:] for one in part]
    for adapter, what in _adapters(material, writes=writes, filters=filters).items():
        data = read_data(adapter)
        if data is None:
            yield (
                f"What the adapter `{adapter.name}` learnt from is not known: if it was codes of the development "
                f"or held-out part, {what} may be too good."
            )
            continue
        documents, texts = set(data.learnt_documents), set(data.learnt_texts)
        seen = sum(one.document_id in documents or text_key(one.text) in texts for one in apart)
        if seen:
            yield (
                f"The adapter `{adapter.name}` learnt from {counted(seen, 'segment')} of the development and "
                f"held-out parts: {what} may be too good. Use the model without it, or have people code other "
                "documents."
            )


def _adapters(material: Material, *, writes: bool, filters: bool) -> dict[Path, str]:
    """Folder of an adapter -> whose figures it touches: everybody's, where it writes or filters what is learnt."""
    study = material.folder.study
    asked = language_model(study)
    touched = "all figures" if writes and filters else "figures of the language model and the cascade"
    named = [
        *([(study.writer_model(asked), touched)] if asked else []),
        *([(study.writer_model(study.synthesizer), "all figures")] if writes else []),
    ]
    return {Path(place).expanduser(): what for model, what in named if (place := on_base(model).adapter)}
