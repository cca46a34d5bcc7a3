"""The methods of a deductive run: what was done and with what, ready to be pasted into a paper."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from intercoder.core.adapters import on_base
from intercoder.core.coding.deduction import PATTERN
from intercoder.core.coding.findings import ALPHA
from intercoder.core.deductive_settings import CLASSIFIER, DeductiveCoderSettings, DeductiveModerator
from intercoder.core.shown import counted, listed
from intercoder.core.study import Study
from intercoder.evals.randomness import CONSISTENT, FEWEST_MINORITY
from intercoder.evals.report.classifiers.classifier_methods import CLASSIFIER_REFERENCES, classifier_methods
from intercoder.evals.report.deductive.deductive_contents import DeductiveContents, population, stratified
from intercoder.evals.report.deductive.randomness_tests import repeated
from intercoder.evals.report.inductive.methods import REFERENCES, Methods

CITED = {
    **REFERENCES,
    **CLASSIFIER_REFERENCES,
    "laca": "Chew, R., Bollenbacher, J., Wenger, M., Speer, J., & Kim, A. (2023). LLM-assisted content analysis: "
    "Using large language models to support deductive coding. arXiv:2306.14924.",
    "holm": "Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of "
    "Statistics, 6(2), 65-70.",
    "chi": "Pearson, K. (1900). On the criterion that a given system of deviations from the probable in the case "
    "of a correlated system of variables is such that it can be reasonably supposed to have arisen from random "
    "sampling. Philosophical Magazine, 50(302), 157-175.",
    "kappa": "Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and Psychological "
    "Measurement, 20(1), 37-46.",
    "bootstrap": "Efron, B. (1979). Bootstrap methods: Another look at the jackknife. Annals of Statistics, 7(1), "
    "1-26.",
    "ppi": "Angelopoulos, A. N., Bates, S., Fannjiang, C., Jordan, M. I., & Zrnic, T. (2023). Prediction-powered "
    "inference. Science, 382(6671), 669-674.",
}


def deductive_methods(contents: DeductiveContents) -> Methods:
    """Write it: only what was done is told."""
    parts = [
        _coding(contents),
        _agents(contents),
        _tests(contents),
        _revisions(contents),
        _calibration(contents),
        _estimates(contents),
        classifier_methods(contents.evaluations, contents.grids),
    ]
    cited = ["laca", *(name for _, names in parts for name in names)]
    return Methods(
        tuple(text for text, _ in parts if text), tuple(sorted(CITED[name] for name in dict.fromkeys(cited)))
    )


def _coding(contents: DeductiveContents) -> tuple[str, Sequence[str]]:
    run, sample, book = contents.run, contents.sample, contents.book
    everything = population(sample)
    drawn = ""
    if sample.seed is not None:
        of = f" from {everything:,}" if everything else ""
        drawn = f" They were drawn at random{of}{stratified(sample)} (seed {sample.seed})."
    answer = "chose the one code that applies" if book.exclusive else "said Yes or No to each code by itself"
    unsure = ", or unsure, which counts as neither" if book.allow_unsure else ""
    before = contents.study.coding.context_before
    return (
        f"{counted(run.total, 'segment')} (unit: {sample.unit}) of {counted(contents.documents, 'document')} were "
        f"coded deductively with intercoder {version('intercoder')} (run {run.id}, {counted(run.round, 'round')}, "
        f"{contents.date}) with {counted(len(contents.coded), 'code')} of codebook version {book.version} "
        f'(hash {book.hash}), under the research question "{contents.study.question}".{drawn} For each segment a '
        f"coder {answer}{unsure}, with a reason and a quote from the text; a quote that does not stand there is "
        f"kept and marked. {counted(before, 'preceding segment')} of the same document "
        f"{'was' if before == 1 else 'were'} shown as context.",
        (),
    )


def _agents(contents: DeductiveContents) -> tuple[str, Sequence[str]]:
    settings = contents.study.deductive
    coders = [f"{one.name} ({_asked(one, 'coder', contents)})" for one in settings.coders]
    text = f"Model coders worked independently of one another: {'; '.join(coders)}."
    if len(settings.coders) > 1:
        moderator = settings.moderator
        rule = {"majority": "what most coders said", "weighted": "what the coders of most weight said"}
        told = rule.get(moderator.kind) or _asked(moderator, "moderator", contents)
        text += f" Their answers were settled by {moderator.name} ({moderator.kind}: {told})."
    if any(one.name == PATTERN for one in contents.values):
        text += " Codes with a regular expression were coded by searching for it, without a model."
    return text, ()


def _asked(one: DeductiveCoderSettings | DeductiveModerator, role: str, contents: DeductiveContents) -> str:
    """Model, prompts with hashes, and how answers were drawn."""
    if isinstance(one, DeductiveCoderSettings) and one.replay:
        return f"answers recorded earlier, replayed from {one.replay}"
    if isinstance(one, DeductiveCoderSettings) and one.classifies:
        return _classified(one, contents)
    origins = dict.fromkeys(
        (decision.provenance.prompt, decision.provenance.prompt_hash)
        for decision in contents.own
        if (decision.role, decision.coder) == (role, one.name)
    )
    prompts = listed([f"{prompt} [{digest}]" for prompt, digest in origins if prompt]) or "default"
    sampling = one.sampling
    return (
        f"{contents.study.writer_model(one)}, prompt {prompts}, {counted(one.shots, 'worked example')}, "
        f"temperature {sampling.temperature:g}, top-p {sampling.top_p:g}, at most {sampling.max_tokens} tokens, "
        f"seed {one.seed}"
    )


def _classified(one: DeductiveCoderSettings, contents: DeductiveContents) -> str:
    """The classifier with its digest, and the language model that decided where it was not confident."""
    origins = (decision.provenance for decision in contents.own if decision.coder == one.name)
    named = {f"{origin.prompt} [{origin.prompt_hash}]" for origin in origins if origin.model.startswith(CLASSIFIER)}
    text = f"a fine-tuned encoder, {listed(sorted(named)) or one.classifies}"
    if not one.classifier:
        return text
    return f"{text}; where it was not confident, {contents.study.writer_model(one)} decided in its place"


def _tests(contents: DeductiveContents) -> tuple[str, Sequence[str]]:
    if not contents.findings:
        return "", ()
    cited = ["wilson"]
    if contents.book.exclusive:
        cited.append("chi")
        text = (
            "Whether a coder guesses was tested by Pearson's chi-squared test of how often it chose each code "
            "against equal chances"
        )
    else:
        cited.append("holm")
        text = (
            "Whether a coder guesses was tested code by code by the exact two-sided binomial test of Yes among Yes "
            "and No against one half, Holm-adjusted over the codes of a coder"
        )
    text += f" (alpha {ALPHA:g}). A test that does not reject says only that guessing looks the same."
    if repeated(contents):
        cited.append("kappa")
        text += (
            " Each coder was asked the same questions again, in other words, in another order and at temperature "
            f"{contents.study.development.repeat_temperature:g}; Cohen's kappa between both passes, with its 95% "
            f"interval, is called consistent if that lies above {CONSISTENT:g}, guessing if it holds 0, undefined "
            f"below {FEWEST_MINORITY} minority answers in a pass, and unclear otherwise."
        )
        if any(one.by_classifier for one in contents.values):
            text += " What a classifier decided is left out of it, since that says the same each time."
    return text, cited


def _revisions(contents: DeductiveContents) -> tuple[str, Sequence[str]]:
    if not contents.revisions:
        return "", ()
    agents = dict.fromkeys(
        (one.revision.provenance.model, one.revision.provenance.prompt, one.revision.provenance.prompt_hash)
        for one in contents.revisions
        if one.revision.provenance.model
    )
    by = listed([f"{model}, prompt {prompt} [{digest}]" for model, prompt, digest in agents])
    people = sorted({one.answer.by for one in contents.revisions if one.answer and one.revision.run})
    hands = sorted({one.revision.author for one in contents.revisions if not one.revision.run})
    text = "The codebook was developed in numbered versions."
    text += f" {listed(hands)} wrote or changed it by hand." if hands else ""
    text += f" Revisions were proposed by a reviser agent ({by}) from statistics and reasons." if by else ""
    text += f" {listed(people)} approved, edited or rejected each of these." if people else ""
    return (
        f"{text} Only approved revisions make a new version, and after it only the codes that it can affect "
        "are coded again.",
        (),
    )


def _calibration(contents: DeductiveContents) -> tuple[str, Sequence[str]]:
    found = contents.calibrated
    if found is None:
        return "", ()
    settings = contents.study.calibration
    several = len(found.people) > 1
    rule = (
        f"A code is ready if the lower bounds of the difference (model with people less people with one another) "
        f"are at least -{settings.margin:g} for both"
        if several
        else f"A code is ready if the lower bound of AC1 is at least {settings.lowest_ac1:g} and that of positive "
        f"agreement at least {settings.lowest_positive:g}"
    )
    pairs = ", as the mean over pairs of people" if len(found.people) > 2 else ""
    weights = ", each segment weighted by one over its chance to be drawn" if found.enriched else ""
    return (
        f"{counted(found.segments, 'segment')} (sample {found.sample.name}) were coded blind by "
        f"{listed([person.name for person in found.people])} and by the model ({found.run}). For each code "
        "agreement was computed as Gwet's AC1, (p_a - p_e) / (1 - p_e) with p_e = 2 q (1 - q) and q the mean share "
        f"of Yes, and as positive agreement, 2a / (2a + b + c){pairs}; unsure was left out pair by pair. Intervals "
        f"are 95% percentile intervals of {settings.resamples:,} bootstrap resamples of segments (seed "
        f"{settings.seed}){weights}. {rule}, with at least {counted(settings.fewest_positives, 'positive')}; it is "
        "to be revised if an upper bound is below that.",
        ("ac1", "positive", "bootstrap"),
    )


def _learnt(study: Study) -> str:
    """Which kinds of coders learnt from people's codes, in words; empty for none."""
    kinds = {
        "a classifier": any(one.classifies for one in study.deductive.coders),
        "an adapter": any(on_base(one).adapter for one in study.deductive_models),
    }
    return " or ".join(kind for kind, codes in kinds.items() if codes)


def _estimates(contents: DeductiveContents) -> tuple[str, Sequence[str]]:
    found = contents.estimates
    if found is None:
        return "", ()
    text = "Shares of segments have Wilson's 95% intervals"
    finite = population(contents.sample)
    if finite is not None:
        text += f" with the finite-population factor (N - n) / (N - 1) for N = {finite:,}"
    cited = ["wilson"]
    if any(one.corrected.value == one.corrected.value for one in found.codes):
        cited.append("ppi")
        text += (
            "; corrected shares are prediction-powered: the mean of the model's answers plus the mean difference "
            "of people's and the model's on the calibration sample, with the sum of both variances"
        )
        if learnt := _learnt(contents.study):
            text += (
                f". People's answers to segments that {learnt} learnt from or was chosen with are left out of "
                "them, while the model's stay in: the difference found elsewhere is taken for these segments, too, "
                "where it is probably smaller"
            )
    if contents.overrides:
        labels = {code.id: code.label for code in contents.book.codes}
        told = [
            f"{labels.get(one.code_id, one.code_id)} ({one.verdict or 'not calibrated'})"
            for one in contents.overrides
        ]
        text += f". Coded although not ready: {listed(told)}"
    return f"{text}.", cited
