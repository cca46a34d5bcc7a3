"""A study's sentence embeddings for measures, which are not asynchronous."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intercoder.core.protocols import Vectors
    from intercoder.stores.study_folder import StudyFolder


@contextmanager
def study_embeddings(folder: StudyFolder) -> Iterator[Callable[[Sequence[str]], Vectors]]:
    """A function that embeds texts as the study's runs do, from and into its cache; one unit-length row a text.

    Raises:
        ModelError: The study's embedding model cannot be used, or the privacy settings refuse it.
    """
    from intercoder.llms.embeddings import CachedEmbedder
    from intercoder.llms.factory import embedder
    from intercoder.stores.vectors import SqlVectorCache

    study = folder.study
    model = embedder(study.embedding.model, privacy=study.privacy)
    with closing(SqlVectorCache(folder.vectors, study.embedding.model)) as cache, asyncio.Runner() as runner:
        embeddings = CachedEmbedder(model, cache)
        # One event loop for all calls: what an embedder waits on belongs to the loop it was made in.
        yield lambda texts: runner.run(embeddings.embed(texts))
