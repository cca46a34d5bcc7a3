"""The methods of classifiers: how they learnt and were measured, ready to be pasted into a paper."""

from __future__ import annotations

from collections.abc import Sequence

from intercoder.core.classifier_results import Evaluation
from intercoder.core.shown import counted, listed
from intercoder.evals.report.classifiers.classifier_figures import units_told
from intercoder.stores.classifiers.classifier_folders import WorkedGrid

CLASSIFIER_REFERENCES = {
    "distillation": "Borchers, C., Thomas, D. R., Lin, J., Abboud, R., & Koedinger, K. R. (2025). Augmenting "
    "human-annotated training data with large language model generation and distillation in open-response "
    "assessment. arXiv:2501.09126.",
    "scaling": "Guo, C., Pleiss, G., Sun, Y., & Weinberger, K. Q. (2017). On calibration of modern neural "
    "networks. Proceedings of the 34th International Conference on Machine Learning, 1321-1330.",
}


def classifier_methods(evaluations: Sequence[Evaluation], grids: Sequence[WorkedGrid]) -> tuple[str, Sequence[str]]:
    """A paragraph and what it cites; empty where there are neither classifiers nor grids."""
    if not evaluations and not grids:
        return "", ()
    written = any(one.synthetic for one in evaluations) or any(
        cell.settings.share for one in grids for cell in one.cells
    )
    scaled = any(one.reliability is not None and one.reliability.temperature != 1 for one in evaluations)
    cascades = any(one.curve is not None for one in evaluations)
    uses = [
        "early stopping",
        *(["scaling probabilities by a temperature (Guo et al. 2017)"] if scaled else []),
        *(["the confidence below which a language model decides"] if cascades else []),
    ]
    text = (
        "Small classifiers were fine-tuned on segments that people had coded"
        + (" and on synthetic segments that a language model wrote (Borchers et al. 2025)" if written else "")
        + f". People's codes, of several people the majority, were split into a part to learn from, a part for "
        f"{listed(uses)}, and a held-out part that all figures are of. There each system was compared with each "
        "person's own codes, ties included; macro-F1, Cohen's kappa and Gwet's AC1 leave out what nobody decided "
        "about."
    )
    measured = [*(one.parts for one in evaluations), *(one.grid.parts for one in grids)]
    if samples := list(dict.fromkeys(one.weighted_by for one in measured if one.weighted_by)):
        text += (
            f" Segments of {'samples' if len(samples) > 1 else 'sample'} {listed(samples)} were drawn unevenly: in "
            "what was chosen and in all figures each is weighted by one over its chance to be drawn."
        )
    if evaluations:
        told = [
            f"{one.classifier} ({one.human:,} coded and {counted(one.synthetic, 'synthetic segment')}, "
            f"{one.parts.held_out:,} held out)"
            for one in evaluations
        ]
        units = dict.fromkeys(units_told(one.parts) for one in evaluations)
        text += (
            f" These classifiers were made: {listed(told)}; intervals are percentile intervals over resampled "
            f"{' or '.join(units)}, each with all its segments."
        )
        if untuned := [one.classifier for one in evaluations if not one.fine_tuned]:
            text += f" Of {listed(untuned)} fine-tuning gained nothing: only a head was put on the encoder."
    if grids:
        cells = sum(len(one.cells) for one in grids)
        text += (
            f" In {counted(len(grids), 'grid')} of {counted(cells, 'cell')} the share of synthetic segments, the "
            "size of the training set, the temperature of the synthesizer and a filter of inconsistent segments "
            "were varied; intervals are t intervals over seeds. All cells were measured on the same held-out "
            "segments, so that figures of the best one are optimistic. In every cell the synthesizer was shown "
            "examples from the whole training part, and learning was stopped by the whole development part, so "
            "that sets of equally many coded segments are not of equal human effort."
        )
    cited = (*(["distillation"] if written else []), *(["scaling"] if scaled else []))
    return text, (*cited, "kappa", "ac1", "bootstrap")
