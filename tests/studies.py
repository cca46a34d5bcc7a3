"""Studies whose database is a copy: making one runs the migrations of all versions, and hundreds are made."""

from pathlib import Path
from tempfile import TemporaryDirectory

from intercoder.stores.study_folder import DATABASE, SETTINGS, StudyFolder, create_study, open_study

_databases: dict[str, bytes] = {}
"""By the settings of an empty study."""


def new_study(path: Path, settings: str) -> StudyFolder:
    """As `create_study`; only the token of its owner is that of every other study with these settings."""
    if settings not in _databases:
        with TemporaryDirectory() as folder:
            create_study(Path(folder) / "study", settings).close()
            _databases[settings] = (Path(folder) / "study" / DATABASE).read_bytes()
    path.mkdir(parents=True)
    (path / DATABASE).write_bytes(_databases[settings])
    (path / SETTINGS).write_text(settings, encoding="utf-8")
    return open_study(path)
