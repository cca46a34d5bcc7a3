"""Keys of endpoints: read from the environment when a model is made, and kept nowhere."""

from __future__ import annotations

import os

from intercoder.core.errors import ModelError
from intercoder.llms.references import ModelReference

PLACEHOLDER_KEY = "no-key"
"""Sent to endpoints on this machine where no key is set: the SDK insists on one, servers ignore it."""


def endpoint_key(reference: ModelReference, api_key_env: str) -> str:
    """The key for an endpoint; with several servers each of them is sent it.

    Args:
        reference: A reference of backend `openai`.
        api_key_env: Name of the environment variable that holds the key.

    Returns:
        The key; a placeholder where none is set and all of the endpoint's servers are on this machine.

    Raises:
        ModelError: A server is remote and the variable is not set; the message names the variable.
    """
    key = os.environ.get(api_key_env, "").strip()
    if key:
        return key
    if not reference.remote:
        return PLACEHOLDER_KEY
    raise ModelError(
        f"The environment variable {api_key_env} is not set.",
        where=str(reference),
        remedy=f"Set {api_key_env} to the endpoint's key, or name another variable as `api_key_env` in study.toml.",
    )
