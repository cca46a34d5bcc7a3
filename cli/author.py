"""Who answers, edits or lets a code in: as they say, or by the name that the machine knows them by."""

from __future__ import annotations

from intercoder.core.errors import InputError


def author_name(given: str, option: str) -> str:
    """The name given, or the name of whoever is logged in.

    Args:
        given: What the person said; empty for nothing.
        option: The option by which they say it, such as `--by`.

    Raises:
        InputError: The name is blank, or nothing was said and the machine knows no name.
    """
    import getpass

    if given:
        if not given.strip():
            raise InputError("the name is blank.", where=option, remedy=f"Say who you are: {option} NAME.")
        return given.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        raise InputError(
            "your user name is not known here.", where=option, remedy=f"Say who you are: {option} NAME."
        ) from None
