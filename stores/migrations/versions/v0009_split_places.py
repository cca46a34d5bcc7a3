"""In which part of people's codings what is kept together lies, so that it stays there when more is coded."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the table of places in splits."""
    op.create_table(
        "split_places",
        sa.Column("study_id", sa.String(length=64), nullable=False),
        sa.Column("split", sa.String(length=64), nullable=False),
        sa.Column("group", sa.String(length=64), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("study_id", "split", "group"),
    )
