"""Prompts as files, and the loader that gives each its hash. A study may replace any of them by name."""

from intercoder.prompts.loader import Ending, Message, Piece, Prompt, WorkedExample, load

__all__ = ["Ending", "Message", "Piece", "Prompt", "WorkedExample", "load"]
