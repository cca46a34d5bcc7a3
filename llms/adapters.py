"""LoRA adapters on disk: what they are, which base they belong to, and the name under which answers are kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path, PurePath

from intercoder.core.adapters import CONFIG, WEIGHTS, adapter_digest, identity_on
from intercoder.core.errors import ModelError
from intercoder.core.record import Record
from intercoder.llms.references import ModelReference


class Adapter(Record):
    """A LoRA adapter as PEFT writes it."""

    path: Path
    base: str
    """Name or folder of the model it was trained on."""
    rank: int
    targets: tuple[str, ...]
    """Kinds of the modules that it changes, such as `up_proj`."""
    digest: str
    """See `core.adapters.adapter_digest`."""


def read_adapter(path: Path) -> Adapter:
    """Read an adapter's settings.

    Args:
        path: The folder.

    Raises:
        ModelError: There is no such folder, it holds no adapter, or its settings cannot be read.
    """
    config, weights = path / CONFIG, path / WEIGHTS
    for file in (config, weights):
        if not file.is_file():
            missing = f"The folder holds no {file.name}." if path.is_dir() else "There is no such folder."
            raise ModelError(
                f"This is no LoRA adapter. {missing}",
                where=str(path),
                remedy=f"Give the folder that PEFT saved: it holds {CONFIG} and {WEIGHTS}.",
            )
    try:
        settings = json.loads(config.read_text("utf-8"))
        if settings.get("peft_type") != "LORA":
            raise ValueError(f"its peft_type is {settings.get('peft_type')!r}, not LORA")
        targets = settings["target_modules"]
        return Adapter(
            path=path,
            base=str(settings["base_model_name_or_path"]),
            rank=int(settings["r"]),
            targets=(targets,) if isinstance(targets, str) else tuple(sorted(targets)),
            digest=adapter_digest(path),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"The adapter's settings cannot be read: {error}.",
            where=str(config),
            remedy="Save the adapter again with PEFT.",
        ) from error


def check_base(adapter: Adapter, reference: ModelReference, folder: Path) -> None:
    """Refuse an adapter that was trained on another model.

    Args:
        adapter: The adapter.
        reference: The model it is to be put on, as named.
        folder: Where that model's weights lie.

    Raises:
        ModelError: The adapter names another base, or its weights do not fit; both are named.
    """
    known = {_last(reference.name), _last(str(folder))}
    if _last(adapter.base) not in known:
        raise ModelError(
            f"The adapter was trained on {_shown(adapter.base)}, not on {_shown(reference.name)}.",
            where=str(reference),
            remedy=f"Name it behind its own base; if the two are the same model, mend base_model_name_or_path "
            f"in {adapter.path / CONFIG}.",
        )
    widths = dict(_inputs(adapter))
    for module, found in _base_inputs(folder):
        if widths.get(module, found) != found:
            raise ModelError(
                f"The adapter does not fit {_shown(reference.name)}: {module} takes {found} values there, "
                f"and {widths[module]} in the adapter.",
                where=str(reference),
                remedy=f"Name it behind the base it was trained on ({adapter.base}).",
            )


def identity(reference: ModelReference) -> str:
    """The name under which a model's answers are kept.

    With an adapter see `core.adapters.identity_on`. Of a model at several servers it holds none of their addresses,
    so that servers may come, go and change places.

    Raises:
        ModelError: As `read_adapter`.
    """
    if len(reference.urls) > 1:
        return reference.anywhere
    if not reference.adapter:
        return str(reference)
    adapter = read_adapter(Path(reference.adapter).expanduser())
    return identity_on(str(reference.model_copy(update={"adapter": ""})), adapter.path)


def other_names(reference: ModelReference) -> tuple[str, ...]:
    """Names under which answers of the same model may have been kept before (see `references.same_model`).

    Of several servers: each of them alone. Of one endpoint: several together.
    """
    if len(reference.urls) > 1:
        return tuple(str(reference.model_copy(update={"urls": (url,)})) for url in reference.urls)
    return (reference.anywhere,) if reference.urls and not reference.official else ()


def _inputs(adapter: Adapter) -> Iterator[tuple[str, int]]:
    """Modules that the adapter changes, and how many values each takes."""
    for name, shape in _shapes(adapter.path / WEIGHTS):
        if name.endswith(".lora_A.weight"):
            yield name.removeprefix("base_model.model.").removesuffix(".lora_A.weight"), shape[1]


def _base_inputs(folder: Path) -> Iterator[tuple[str, int]]:
    for file in sorted(folder.glob("*.safetensors")):
        for name, shape in _shapes(file):
            if name.endswith(".weight") and len(shape) == 2:
                yield name.removesuffix(".weight"), shape[1]


def _shapes(file: Path) -> Iterator[tuple[str, list[int]]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="numpy") as opened:
            for name in opened.keys():  # noqa: SIM118 - not a mapping
                yield name, opened.get_slice(name).get_shape()
    except SafetensorError as error:
        raise ModelError(
            f"The weights cannot be read: {error}.", where=str(file), remedy="Save or fetch them again."
        ) from error


def _last(name: str) -> str:
    return PurePath(name).name.casefold()


def _shown(name: str) -> str:
    return PurePath(name).name
