"""The methods paragraph: what was done and with what, ready to be pasted into a paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import NamedTuple

from intercoder.core.agent_settings import CoderSettings, Ensemble, ModeratorSettings
from intercoder.core.shown import counted, listed
from intercoder.evals.report.deductive.agreement_figure import Series
from intercoder.evals.report.inductive.contents import Contents
from intercoder.evals.report.inductive.space_figures import CodeSpaces
from intercoder.evals.report.inductive.tables import prompts_used
from intercoder.stores.runs.ensemble_counts import EnsembleCounts

REFERENCES = {
    "ensemble": "Parfenova, A., & Pfeffer, J. (2025). Measuring what matters: Evaluating ensemble LLMs with label "
    "refinement in inductive coding. Findings of the Association for Computational Linguistics: ACL 2025.",
    "ac1": "Gwet, K. L. (2008). Computing inter-rater reliability and its variance in the presence of high "
    "agreement. British Journal of Mathematical and Statistical Psychology, 61(1), 29-48.",
    "positive": "Spitzer, R. L., & Fleiss, J. L. (1974). A re-analysis of the reliability of psychiatric "
    "diagnosis. British Journal of Psychiatry, 125, 341-347.",
    "spaces": "Chen, J., Lotsos, A., Cheng, S., Wang, C., Zhao, L., Zhang, Y., Hullman, J., Sherin, B., Wilensky, "
    "U., & "
    'Horn, M. (2024). A computational method for measuring "open codes" in qualitative analysis. arXiv:2411.12142.',
    "rouge": "Lin, C.-Y. (2004). ROUGE: A package for automatic evaluation of summaries. Text Summarization "
    "Branches Out, 74-81.",
    "meteor": "Banerjee, S., & Lavie, A. (2005). METEOR: An automatic metric for MT evaluation with improved "
    "correlation with human judgments. ACL Workshop on Intrinsic and Extrinsic Evaluation Measures, 65-72.",
    "jsd": "Lin, J. (1991). Divergence measures based on the Shannon entropy. IEEE Transactions on Information "
    "Theory, 37(1), 145-151.",
    "wilson": "Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal "
    "of the American Statistical Association, 22(158), 209-212.",
}


class Methods(NamedTuple):
    """Text, and the works it rests on."""

    paragraphs: tuple[str, ...]
    references: tuple[str, ...]


def methods(contents: Contents, series: Sequence[Series], spaces: CodeSpaces, drawn: Iterable[str]) -> Methods:
    """Write it.

    Args:
        contents: What was done.
        series: Agreement as it is shown.
        spaces: Code spaces as they are shown.
        drawn: Ids of the figures that are not undefined; only what these rest on is told.
    """
    shown = set(drawn)
    cited = ["ensemble"]
    paragraphs = [_coding(contents), _agents(contents), _settling(contents)]
    statistics = []
    if series:
        cited += ["ac1", "positive"]
        statistics.append(
            "Agreement was computed code by code, each code a yes/no question, as Gwet's AC1 with its analytic 95% "
            "interval (Student's t) and as positive agreement, 2a / (2a + b + c)"
        )
    if "spaces" in shown:
        cited.append("spaces")
        statistics.append(
            "coverage, overlap, novelty and divergence of code spaces, with codes within cosine distance "
            f"{spaces.threshold:g} as neighbors"
        )
    if "composite" in shown:
        cited += ["rouge", "meteor", "jsd"]
        statistics.append(
            "labels were compared with people's by ROUGE-1 (F1, no stemming) and by a composite of cosine, METEOR, "
            "length and Jensen-Shannon divergence of words, each scaled to 0 to 1 over the systems and averaged"
        )
    elif "jsd" in shown:
        cited.append("jsd")
        statistics.append("vocabularies were compared by Jensen-Shannon divergence, base 2")
    if "cooccurrence" in shown:
        cited.append("wilson")
        statistics.append("shares of segments have Wilson's 95% intervals")
    paragraphs.append("; ".join(statistics) + "." if statistics else "")
    return Methods(
        tuple(paragraph for paragraph in paragraphs if paragraph),
        tuple(sorted(REFERENCES[name] for name in dict.fromkeys(cited))),
    )


def _coding(contents: Contents) -> str:
    study, run = contents.study, contents.coded
    unit = contents.segments[0].unit if contents.segments else "segment"
    documents = len({segment.document for segment in contents.segments})
    most = study.coding.max_codes
    people = f" {listed(contents.people)} coded the same texts independently." if contents.people else ""
    return (
        f"{counted(len(contents.segments), 'segment')} (unit: {unit}) of {counted(documents, 'document')} were "
        f"coded inductively with intercoder {version('intercoder')} (run {run.id}, round {run.round}, "
        f"{contents.date}) under "
        f'the research question "{study.question}". Each coder gave a segment at most {counted(most, "code")}, '
        "with "
        f"reason and quote, or none; {counted(study.coding.context_before, 'preceding segment')} of the same "
        f"document {'was' if study.coding.context_before == 1 else 'were'} shown as context.{people}"
    )


def _agents(contents: Contents) -> str:
    used = prompts_used(contents.lines)
    coders = [
        f"{coder.name} ({_asked(coder, used.get(('coder', coder.name), []))})" for coder in contents.study.coders
    ]
    text = f"Model coders worked independently of one another: {'; '.join(coders)}."
    return f"{text} {_selection(contents.study.ensemble, contents.asked)}" if contents.asked else text


def _selection(settings: Ensemble, asked: EnsembleCounts) -> str:
    """How a dynamic ensemble chose whom to ask, and what that means for comparing coders."""
    return (
        f"{asked.first} was asked {asked.asks} times about each segment, the others only where its labels fell "
        f"into more than one cluster at cosine {settings.tau:g}, its nearest known code was below cosine "
        f"{settings.known:g}, or an answer could not be used: about {asked.asked:,} of "
        f"{counted(asked.segments, 'segment')}, which saved {asked.saved:,} of "
        f"{counted(asked.others * asked.segments, 'call')}. Of {asked.first} the first answer is counted. "
        "Where coders are compared, it is on segments that both read, which are the harder ones."
    )


def _asked(settings: CoderSettings | ModeratorSettings, origins: Sequence[tuple[str, str, str]]) -> str:
    """Model, prompt with hash, and how answers were drawn."""
    prompts = listed([f"{prompt} [{digest}]" for _, prompt, digest in origins]) or settings.prompt
    sampling = settings.sampling
    return (
        f"{settings.model}, prompt {prompts}, {counted(settings.shots, 'worked example')}, temperature "
        f"{sampling.temperature:g}, top-p {sampling.top_p:g}, at most {sampling.max_tokens} tokens, seed "
        f"{settings.seed}"
    )


def _settling(contents: Contents) -> str:
    study, run = contents.study, contents.run
    used = prompts_used(contents.lines)
    rules = {
        "medoid": "the suggestion nearest to all others and, by weight {0.groundedness:g}, to the text",
        "majority": "the most frequent of suggestions within cosine {0.tau:g}",
        "weighted": "the suggestions of most weight within cosine {0.tau:g}",
    }
    moderators = [
        f"{one.name} (rule {one.kind}: {rules[one.kind].format(one)})"
        if one.kind in rules
        else f"{one.name} ({_asked(one, used.get(('moderator', one.name), []))})"
        for one in study.moderators
    ]
    refinement = study.refinement
    tau = f"{refinement.low:g} to {refinement.high:g}, adapted" if refinement.adaptive else f"{refinement.tau:g}"
    text = (
        f"Suggestions were settled by {'; '.join(moderators)}. In document order, a label joined an older code "
        f"if the cosine of their embeddings ({study.embedding.model}; compared: "
        f"{refinement.compare.replace('_', ' ')}) was at least {tau}, and became a new code otherwise. For "
        f"comparisons every coder's label counts as the code it is most like, from cosine {refinement.tau:g} on, "
        "else as a code of its own."
    )
    if run is not contents.coded:
        text += (
            f" Codes were then merged in four stages ({run.id}; cosine distances {study.merging.lower:g} and "
            f"{study.merging.upper:g})."
        )
    return f"{text} Numbers are of codebook version {run.codebook_version}."
