"""Agreement of coders: one statistic, all pairs, code by code, and where they put their quotes."""

from intercoder.evals.coefficients.coefficients import agreement
from intercoder.evals.coefficients.multilabel import CodeAgreement, PerCode, jaccard, per_code, positive_agreement
from intercoder.evals.coefficients.rater_pairs import PairwiseAgreement, RaterPair, pairwise
from intercoder.evals.coefficients.span_agreement import Span, SpanAgreement, spans
from intercoder.evals.interval import Estimate

__all__ = [
    "CodeAgreement",
    "Estimate",
    "PairwiseAgreement",
    "PerCode",
    "RaterPair",
    "Span",
    "SpanAgreement",
    "agreement",
    "jaccard",
    "pairwise",
    "per_code",
    "positive_agreement",
    "spans",
]
