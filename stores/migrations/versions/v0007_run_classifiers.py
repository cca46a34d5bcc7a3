"""The classifiers that runs code with, as they were when the runs began."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the table of runs' classifiers."""
    op.create_table(
        "run_classifiers",
        sa.Column("study_id", sa.String(length=64), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("coder", sa.String(length=64), nullable=False),
        sa.Column("prompt", sa.String(length=128), nullable=False),
        sa.Column("prompt_hash", sa.String(length=64), nullable=False),
        sa.Column("learnt_documents", sa.JSON(), nullable=False),
        sa.Column("learnt_texts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("study_id", "run", "coder"),
    )
