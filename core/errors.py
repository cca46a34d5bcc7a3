"""What goes wrong, told to the person who can mend it.

Every error carries *what* was wrong, *where* (file, row, field, id) and the *remedy*; the command line
prints exactly these and exits with `exit_code`.
"""

from __future__ import annotations


class IntercoderError(Exception):
    """Base of all errors that are meant for the user.

    Args:
        message: What is wrong, one sentence.
        where: The place: a file, `file:row`, a setting's dotted name, an id.
        remedy: What to do about it, one sentence, with the command where there is one.
    """

    exit_code = 2

    def __init__(self, message: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{place}{self.message}{remedy}"


class InputError(IntercoderError):
    """A file, table or argument that cannot be read as asked."""


class SettingsError(IntercoderError):
    """study.toml is missing, mistyped or names something unknown."""


class StudyError(IntercoderError):
    """The study directory or its database is not usable."""


class StudyBusy(StudyError):
    """Another run holds the study's lease."""


class ModelError(IntercoderError):
    """A model reference that cannot be used: unknown, not pulled, refused by the privacy settings."""


class EndpointStopped(IntercoderError):
    """An endpoint that answers nobody: down, refusing the key, or missing the model.

    Raised instead of listing every segment as a failure: the run stops, keeps what it has, and is resumed
    when the endpoint is back.
    """

    exit_code = 1
