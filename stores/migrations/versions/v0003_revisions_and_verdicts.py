"""Deductive coding: codebooks people write, revisions, rounds, human codings, verdicts."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add revisions, rounds and verdicts, and what codes and decisions of deductive coding carry."""
    op.add_column("samples", sa.Column("population", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("sample_segments", sa.Column("weight", sa.Float(), nullable=False, server_default="1"))
    op.add_column("runs", sa.Column("seconds", sa.Float(), nullable=False, server_default="0"))
    op.add_column("decisions", sa.Column("value", sa.String(length=8), nullable=False, server_default=""))
    op.add_column("code_revisions", sa.Column("negative_examples", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("code_revisions", sa.Column("kind", sa.String(length=16), nullable=False, server_default="model"))
    op.add_column("code_revisions", sa.Column("pattern", sa.Text(), nullable=False, server_default=""))
    op.add_column("codebook_versions", sa.Column("exclusive", sa.Boolean(), nullable=False, server_default="0"))
    op.add_column("codebook_versions", sa.Column("allow_unsure", sa.Boolean(), nullable=False, server_default="0"))
    op.rename_table("failures", "failures_before")
    op.create_table(
        "failures",
        sa.Column("study_id", sa.String(length=64), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("coder", sa.String(length=64), nullable=False),
        sa.Column("code_id", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("answer_key", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("study_id", "run", "round", "segment_id", "role", "coder", "code_id"),
    )
    op.execute(
        "INSERT INTO failures (study_id, run, round, segment_id, role, coder, kind, message, answer_key) "
        "SELECT study_id, run, round, segment_id, role, coder, kind, message, answer_key FROM failures_before"
    )
    op.drop_table("failures_before")
    op.create_table(
        "run_rounds",
        sa.Column("study_id", sa.String(length=64), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("codebook_version", sa.Integer(), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("proposed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("study_id", "run", "round"),
    )
    op.create_table(
        "revisions",
        sa.Column("study_id", sa.String(length=64), nullable=False),
        sa.Column("revision_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("dropped", sa.Text(), nullable=False),
        sa.Column("model", sa.String(length=512), nullable=False),
        sa.Column("prompt", sa.String(length=128), nullable=False),
        sa.Column("prompt_hash", sa.String(length=64), nullable=False),
        sa.Column("answer_key", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("study_id", "revision_id"),
    )
    op.create_index("ix_revisions_number", "revisions", ["study_id", "number"], unique=True)
    op.create_table(
        "revision_answers",
        sa.Column("study_id", sa.String(length=64), nullable=False),
        sa.Column("revision_id", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.String(length=16), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("study_id", "revision_id"),
    )
    op.create_table(
        "version_revisions",
        sa.Column("study_id", sa.String(length=64), nullable=False),
        sa.Column("revision_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("study_id", "revision_id"),
    )
    op.create_table(
        "verdicts",
        sa.Column("study_id", sa.String(length=64), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("coder", sa.String(length=64), nullable=False),
        sa.Column("code_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code_revision", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("statistics", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("study_id", "run", "coder", "code_id", "number"),
    )
    op.create_table(
        "overrides",
        sa.Column("study_id", sa.String(length=64), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("code_id", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("study_id", "run", "code_id"),
    )
