"""The attributes' values of which a run's classifiers learnt documents, where these were kept together."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the groups that runs' classifiers learnt from."""
    op.add_column("run_classifiers", sa.Column("learnt_groups", sa.JSON(), nullable=False, server_default="[]"))
