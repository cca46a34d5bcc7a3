"""What a reader of a classifier's figures has to know, in sentences."""

from __future__ import annotations

from intercoder.core.shown import counted
from intercoder.training.distillation.cascading import Cascaded
from intercoder.training.distillation.material import Material
from intercoder.training.distillation.measuring import ModelSaid


def notes_on(material: Material, said: ModelSaid | None, cascade: Cascaded | None, missing: int) -> list[str]:
    """What a reader of the figures has to know."""
    found = []
    if material.parts.repeated:
        found.append(
            f"{counted(material.parts.repeated, 'segment')} left out: the same text is in an earlier part."
        )
    if material.spared_examples:
        found.append(
            f"{counted(material.spared_examples, 'example')} in the codebook quoting segments that nobody learns "
            "from: kept from the language model here, which sees them when it codes the study."
        )
    if missing:
        found.append(f"{counted(missing, 'written segment')} wanting: too few labels were repeated.")
    if said is None:
        found.append("No coder of the study asks a language model, so there is none to compare with.")
    elif failures := said.development.failures + said.held_out.failures:
        found.append(f"{counted(failures, 'question')} to the language model got no usable answer.")
    if cascade is not None and not cascade.bound.reached:
        found.append(
            f"No bound reaches an agreement of {material.settings.target:g} on the development part; the one with "
            "the highest agreement was taken."
        )
    return found
