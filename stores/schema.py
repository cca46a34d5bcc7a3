"""Tables of a study. Every one carries the study's id; nothing is updated in place but cursors and leases."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()


def _study() -> Column[str]:
    return Column("study_id", String(64), primary_key=True)


studies = Table(
    "studies",
    metadata,
    _study(),
    Column("owner", String(64), nullable=False),  # random; tells two studies with one id apart
    Column("created_at", String(32), nullable=False),
)

sources = Table(
    "sources",
    metadata,
    _study(),
    Column("source", String(512), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("place", Integer, nullable=False),  # order of first import
    Column("sha256", String(64), nullable=False),
    Column("options", JSON, nullable=False),
    Column("notes", JSON, nullable=False),
    Column("imported_at", String(32), nullable=False),
)

documents = Table(
    "documents",
    metadata,
    _study(),
    Column("document_id", String(64), primary_key=True),
    Column("text", Text, nullable=False),
)

# What a version of a source consists of. Attributes belong here: they may change while a text does not.
source_documents = Table(
    "source_documents",
    metadata,
    _study(),
    Column("source", String(512), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("document_id", String(64), nullable=False),
    Column("key", String(512), nullable=False),
    Column("name", String(1024), nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("context", Text, nullable=False),
    Index("ix_source_documents_document", "study_id", "document_id"),
)

segments = Table(
    "segments",
    metadata,
    _study(),
    Column("segment_id", String(64), primary_key=True),
    Column("document_id", String(64), nullable=False),
    Column("unit", String(16), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("speaker", String(256)),
    ForeignKeyConstraint(["study_id", "document_id"], ["documents.study_id", "documents.document_id"]),
    Index("ix_segments_document", "study_id", "document_id", "unit", "ordinal"),
)

samples = Table(
    "samples",
    metadata,
    _study(),
    Column("sample", String(128), primary_key=True),
    Column("unit", String(16), nullable=False),
    Column("seed", Integer),
    Column("stratify", String(256)),
    Column("size", Integer, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("population", Integer, nullable=False, server_default="0"),  # segments it was drawn from
)

sample_segments = Table(
    "sample_segments",
    metadata,
    _study(),
    Column("sample", String(128), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("segment_id", String(64), nullable=False),
    Column("source", String(512), nullable=False),
    Column("version", Integer, nullable=False),
    Column("document_position", Integer, nullable=False),
    Column("length", Integer, nullable=False),
    Column(
        "weight", Float, nullable=False, server_default="1"
    ),  # inverse of the chance to be drawn, up to a factor
    Index("ix_sample_segments_length", "study_id", "sample", "length"),
)

runs = Table(
    "runs",
    metadata,
    _study(),
    Column("run", String(64), primary_key=True),
    Column("graph", String(32), nullable=False),
    Column("round", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("position", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("sample", String(128), nullable=False),
    Column("codebook_version", Integer, nullable=False),
    Column("settings", Text, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("changed_at", String(32), nullable=False),
    Column("source", String(64), nullable=False, server_default=""),
    Column("base_version", Integer, nullable=False, server_default="0"),
    Column("seconds", Float, nullable=False, server_default="0"),  # that processes worked on it
)

# Of deductive runs: what each round codes, and with which version.
run_rounds = Table(
    "run_rounds",
    metadata,
    _study(),
    Column("run", String(64), primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("codebook_version", Integer, nullable=False),
    Column("codes", JSON, nullable=False),  # ids of the codes that are coded in it
    Column("proposed", Boolean, nullable=False),  # whether the reviser's proposals were written
    Column("created_at", String(32), nullable=False),
)

answers = Table(
    "answers",
    metadata,
    _study(),
    Column("key", String(64), primary_key=True),
    Column("run", String(64), nullable=False),
    Column("round", Integer, nullable=False),
    Column("segment_id", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("coder", String(64), nullable=False),
    Column("model", String(512), nullable=False),
    Column("prompt", String(128), nullable=False),
    Column("prompt_hash", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cost", Float, nullable=False),
    Column("created_at", String(32), nullable=False),
    Index("ix_answers_run", "study_id", "run", "round"),
)

decisions = Table(
    "decisions",
    metadata,
    _study(),
    Column("decision_id", String(64), primary_key=True),
    Column("run", String(64), nullable=False),
    Column("round", Integer, nullable=False),
    Column("segment_id", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("coder", String(64), nullable=False),
    Column("position", Integer, nullable=False),
    Column("label", Text),
    Column("code_id", String(64)),
    Column("code_revision", Integer),
    Column("value", String(8), nullable=False, server_default=""),
    Column("reason", Text, nullable=False),
    Column("quote", Text, nullable=False),
    Column("quote_start", Integer),
    Column("quote_end", Integer),
    Column("verified", Boolean, nullable=False),
    Column("chosen_from", String(64), nullable=False),
    Column("overruled", JSON, nullable=False),
    Column("merged_from", Text, nullable=False),
    Column("similarity", Float),
    Column("model", String(512), nullable=False),
    Column("prompt", String(128), nullable=False),
    Column("prompt_hash", String(64), nullable=False),
    Column("answer_key", String(64), nullable=False),
    Column("codebook_version", Integer, nullable=False),
    Column("supersedes", String(64), nullable=False),
    Column("created_at", String(32), nullable=False),
    Index("ix_decisions_segment", "study_id", "run", "segment_id"),
    Index("ix_decisions_supersedes", "study_id", "supersedes"),
    Index("ix_decisions_code", "study_id", "run", "code_id"),
)

codes = Table(
    "codes",
    metadata,
    _study(),
    Column("code_id", String(64), primary_key=True),
    Column("lineage", JSON, nullable=False),
    Column("created_at", String(32), nullable=False),
)

code_revisions = Table(
    "code_revisions",
    metadata,
    _study(),
    Column("code_id", String(64), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("label", Text, nullable=False),
    Column("definition", Text, nullable=False),
    Column("include", JSON, nullable=False),
    Column("exclude", JSON, nullable=False),
    Column("examples", JSON, nullable=False),
    Column("parent", String(64), nullable=False),
    Column("author", String(128), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("lineage", JSON),  # where this revision comes from, if not as the code itself
    Column("negative_examples", JSON, nullable=False, server_default="[]"),
    Column("kind", String(16), nullable=False, server_default="model"),
    Column("pattern", Text, nullable=False, server_default=""),
    Column("colour", String(16), nullable=False, server_default=""),  # #rrggbb
)

codebook_versions = Table(
    "codebook_versions",
    metadata,
    _study(),
    Column("version", Integer, primary_key=True),
    Column("run", String(64), nullable=False),
    Column("round", Integer, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("author", String(128), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("exclusive", Boolean, nullable=False, server_default="0"),
    Column("allow_unsure", Boolean, nullable=False, server_default="0"),
)

codebook_entries = Table(
    "codebook_entries",
    metadata,
    _study(),
    Column("version", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("code_id", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
)

# Proposals, and changes that people made. What became of them stands in the two tables that follow.
revisions = Table(
    "revisions",
    metadata,
    _study(),
    Column("revision_id", String(64), primary_key=True),
    Column("number", Integer, nullable=False),  # as people name it, from 1
    Column("run", String(64), nullable=False),  # empty for a person's
    Column("round", Integer, nullable=False),
    Column("base_version", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("content", JSON, nullable=False),  # before and after
    Column("rationale", Text, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("author", String(128), nullable=False),
    Column("dropped", Text, nullable=False),  # why nobody was asked about it; else empty
    Column("model", String(512), nullable=False),
    Column("prompt", String(128), nullable=False),
    Column("prompt_hash", String(64), nullable=False),
    Column("answer_key", String(64), nullable=False),
    Column("created_at", String(32), nullable=False),
    Index("ix_revisions_number", "study_id", "number", unique=True),
)

revision_answers = Table(
    "revision_answers",
    metadata,
    _study(),
    Column("revision_id", String(64), primary_key=True),
    Column("answer", String(16), nullable=False),
    Column("after", JSON, nullable=False),
    Column("note", Text, nullable=False),
    Column("by", String(128), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("confirmed_by", String(128), nullable=False, server_default=""),  # empty for who answered
)

# What a person means to answer once they confirm the round; taken away then.
draft_answers = Table(
    "draft_answers",
    metadata,
    _study(),
    Column("revision_id", String(64), primary_key=True),
    Column("answer", String(16), nullable=False),
    Column("after", JSON, nullable=False),
    Column("note", Text, nullable=False),
    Column("by", String(128), nullable=False),
    Column("created_at", String(32), nullable=False),
)

version_revisions = Table(
    "version_revisions",
    metadata,
    _study(),
    Column("revision_id", String(64), primary_key=True),
    Column("version", Integer, nullable=False),  # 0 for none
    Column("place", Integer, nullable=False),
    Column("problem", Text, nullable=False),  # why an approved revision could not be applied; else empty
)

verdicts = Table(
    "verdicts",
    metadata,
    _study(),
    Column("run", String(64), primary_key=True),
    Column("coder", String(64), primary_key=True),
    Column("code_id", String(64), primary_key=True),
    Column("number", Integer, primary_key=True),  # 1 for the first; more as more people's codings came in
    Column("code_revision", Integer, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("statistics", JSON, nullable=False),
    Column("created_at", String(32), nullable=False),
)

overrides = Table(
    "overrides",
    metadata,
    _study(),
    Column("run", String(64), primary_key=True),
    Column("code_id", String(64), primary_key=True),
    Column("verdict", String(16), nullable=False),  # that was overridden; empty where there was none
    Column("note", Text, nullable=False),
    Column("by", String(128), nullable=False),
    Column("created_at", String(32), nullable=False),
)

# How people settled what coders disagreed on; the highest number stands.
settlements = Table(
    "settlements",
    metadata,
    _study(),
    Column("segment_id", String(64), primary_key=True),
    Column("code_id", String(64), primary_key=True),  # empty where coders found the codes themselves, or chose one
    Column("number", Integer, primary_key=True),
    Column("run", String(64), nullable=False),  # whose coders disagreed; empty for people
    Column("value", String(8), nullable=False),  # yes, no, unsure; empty: put forward, or a step taken back
    Column("label", Text, nullable=False),  # of the code that was settled on
    Column("note", Text, nullable=False),
    Column("by", String(128), nullable=False),
    Column("evidence", Boolean, nullable=False),  # whether the reviser shall see it
    Column("codebook_version", Integer, nullable=False),
    Column("created_at", String(32), nullable=False),
)

merges = Table(
    "merges",
    metadata,
    _study(),
    Column("decision_id", String(64), primary_key=True),
    Column("run", String(64), nullable=False),
    Column("round", Integer, nullable=False),
    Column("label", Text, nullable=False),
    Column("code_id", String(64), nullable=False),
    Column("similarity", Float, nullable=False),
    Column("threshold", Float, nullable=False),
)

merge_steps = Table(
    "merge_steps",
    metadata,
    _study(),
    Column("run", String(64), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("stage", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("lower", Float, nullable=False),
    Column("upper", Float, nullable=False),
    Column("concepts", Integer, nullable=False),
    Column("merged", Integer, nullable=False),
    Column("created_at", String(32), nullable=False),
)

concepts = Table(
    "concepts",
    metadata,
    _study(),
    Column("run", String(64), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("label", Text, nullable=False),
    Column("definition", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("owners", JSON, nullable=False),
    Column("code_ids", JSON, nullable=False),
    Column("members", JSON, nullable=False),  # positions in the step before
    Column("answer_key", String(64), nullable=False),
)

concept_labels = Table(
    "concept_labels",
    metadata,
    _study(),
    Column("run", String(64), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("concept", Integer, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("label", Text, nullable=False),
)

concept_examples = Table(
    "concept_examples",
    metadata,
    _study(),
    Column("run", String(64), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("concept", Integer, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("segment_id", String(64), nullable=False),
)

concept_merges = Table(
    "concept_merges",
    metadata,
    _study(),
    Column("run", String(64), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("stage", Integer, nullable=False),
    Column("concept", Integer, nullable=False),
    Column("kept", Text, nullable=False),
    Column("absorbed", Text, nullable=False),
    Column("distance", Float, nullable=False),
    Column("threshold", Float, nullable=False),
)

themes = Table(
    "themes",
    metadata,
    _study(),
    Column("run", String(64), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("label", Text, nullable=False),
    Column("definition", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("answer_key", String(64), nullable=False),
)

theme_members = Table(
    "theme_members",
    metadata,
    _study(),
    Column("run", String(64), primary_key=True),
    Column("code_id", String(64), primary_key=True),
    Column("theme", Integer, nullable=False),
    Column("place", Integer, nullable=False),
)

failures = Table(
    "failures",
    metadata,
    _study(),
    Column("run", String(64), primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("segment_id", String(64), primary_key=True),
    Column("role", String(16), primary_key=True),
    Column("coder", String(64), primary_key=True),
    Column("code_id", String(64), primary_key=True, server_default=""),
    Column("kind", String(32), nullable=False),
    Column("message", Text, nullable=False),
    Column("answer_key", String(64), nullable=False),
)

memos = Table(
    "memos",
    metadata,
    _study(),
    Column("memo_id", String(64), primary_key=True),
    Column("target_id", String(64), nullable=False),
    Column("author", String(128), nullable=False),
    Column("text", Text, nullable=False),
    Column("supersedes", String(64), nullable=False),
    Column("created_at", String(32), nullable=False),
)

# The classifiers of deductive runs as they were when the runs began.
run_classifiers = Table(
    "run_classifiers",
    metadata,
    _study(),
    Column("run", String(64), primary_key=True),
    Column("coder", String(64), primary_key=True),
    Column("prompt", String(128), nullable=False),  # what its decisions name: the classifier, and the bound
    Column("prompt_hash", String(64), nullable=False),  # digest of the classifier
    Column("learnt_documents", JSON, nullable=False),
    Column("learnt_texts", JSON, nullable=False),
    Column("learnt_groups", JSON, nullable=False, server_default="[]"),
)

# Texts that a model wrote to teach a classifier. They are no segments of the study: nothing counts them as such.
synthetic_segments = Table(
    "synthetic_segments",
    metadata,
    _study(),
    Column("synthetic_id", String(64), primary_key=True),
    Column("origin", String(64), nullable=False),  # digest of all that determines what is written
    Column("code_id", String(64), nullable=False),
    Column("code_revision", Integer, nullable=False),
    Column("codebook_version", Integer, nullable=False),
    Column("value", String(8), nullable=False),  # yes, or no: a hard negative
    Column("call", Integer, nullable=False),  # which question about the code and value it answers
    Column("text", Text, nullable=False),
    Column("dropped", String(32), nullable=False),  # why it is not used; empty where it is kept
    Column("like", String(64), nullable=False),  # the segment, human or synthetic, that it is too much like
    Column("likeness", Float, nullable=False),
    Column("examples", JSON, nullable=False),  # ids of the human segments that the synthesizer was shown
    Column("temperature", Float, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("model", String(512), nullable=False),
    Column("prompt", String(128), nullable=False),
    Column("prompt_hash", String(64), nullable=False),
    Column("answer_key", String(64), nullable=False),
    Column("created_at", String(32), nullable=False),
    Index("ix_synthetic_segments_origin", "study_id", "origin", "call", unique=True),
)

split_places = Table(
    "split_places",
    metadata,
    _study(),
    Column("split", String(64), primary_key=True),  # digest of how people's codings are split
    Column("group", String(64), primary_key=True),  # digest of a document's id, or of what is kept together else
    Column("part", String(16), nullable=False),
)

leases = Table(
    "leases",
    metadata,
    _study(),
    Column("run", String(64), nullable=False),
    Column("token", String(64), nullable=False),
    Column("host", String(256), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("process_started", Float, nullable=False),
    Column("heartbeat", Float, nullable=False),
)
