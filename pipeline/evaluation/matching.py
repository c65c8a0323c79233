"""Which published subject is which gold subject."""

from collections.abc import Sequence

from pipeline.evaluation.found import FoundSubject
from pipeline.evaluation.gold import GoldSubject
from pipeline.evaluation.pairing import best_pairing
from pipeline.olp.feedback import same_name

ENOUGH_OVERLAP = 0.5
"""From this Dice coefficient on two subjects are the same by their sentences alone."""
NAME_WORTH = 0.5


def match_subjects(gold: Sequence[GoldSubject], found: Sequence[FoundSubject]) -> dict[int, int]:
    """For each matched gold subject (by index) the index of its found one.

    A pair may match if a name or alias is the same (equal, or one within the other as whole
    words) or the Dice coefficient of their sentences is at least 0.5. Of the pairings that use each
    subject once, the one with the greatest sum of Dice coefficients is taken, where a pair that
    shares a name counts 0.5 more.
    """
    weights = [[_weight(wanted, given) for given in found] for wanted in gold]
    return dict(best_pairing(weights))


def overlap(left: frozenset[int], right: frozenset[int]) -> float:
    """Dice coefficient: twice what is shared over the sum of sizes; 0 for two empty sets."""
    sizes = len(left) + len(right)
    return 2 * len(left & right) / sizes if sizes else 0.0


def _weight(gold: GoldSubject, found: FoundSubject) -> float:
    shared = overlap(gold.sentences, found.sentences)
    if same_name(gold.names, found.names):
        return shared + NAME_WORTH
    return shared if shared >= ENOUGH_OVERLAP else 0.0
