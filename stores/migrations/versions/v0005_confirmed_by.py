"""Who gave an answer that somebody else had drafted."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the name of the person who confirmed."""
    op.add_column(
        "revision_answers", sa.Column("confirmed_by", sa.String(length=128), nullable=False, server_default="")
    )
