"""Alembic migrations of the study database, from its first day."""
