"""File formats: each reads files into documents, one module a format."""

from intercoder.formats.reader import Reader, ReadOptions, ReadReport, read_documents, reader_for, register

__all__ = ["ReadOptions", "ReadReport", "Reader", "read_documents", "reader_for", "register"]
