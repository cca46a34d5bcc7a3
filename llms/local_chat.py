"""What chat models from a local folder have in common, whatever runs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from pydantic import Field, field_validator


class LocalChatModel(BaseChatModel):
    """A LangChain chat model whose weights lie in a folder of this machine."""

    name: str | None = None
    """What answers are said to come from; the folder's name where it is not given."""
    path: Path
    temperature: float = Field(default=0.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=256, gt=0)

    @field_validator("path")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path.expanduser().absolute()

    @property
    def _adapter_digest(self) -> str:
        """Of the adapter that is put on the weights; empty for none."""
        return ""

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {
            "model_name": self._model_name,
            "adapter": self._adapter_digest,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_tokens": self.max_tokens,
        }

    @property
    def _model_name(self) -> str:
        return self.name or self.path.name
