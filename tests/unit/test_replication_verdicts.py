"""Which verdict follows from the paper's value and ours."""

import pytest
from replication_fixture import CLOSE, NO, NOT_RUN, YES, near

from subliminal.replication.counterparts import Wanted
from subliminal.replication.verdicts import Ours, Verdict, of_all, verdict


@pytest.mark.parametrize(
    ("wanted", "ours", "said"),
    [
        # Our mean is in the paper's interval, or as near as does not count.
        (near(0.4, 0.35, 0.45), Ours(0.44, 0.38, 0.50), YES),
        (near(0.4, 0.35, 0.45), Ours(0.46, 0.40, 0.52), NO),
        (near(0.4, 0.35, 0.45, 0.01), Ours(0.46, 0.40, 0.52), YES),
        (near(0.1, 0.1, 0.1, 0.02), Ours(0.12), YES),
        # However wide ours is, only its mean can be near.
        (near(0.4, 0.35, 0.45), Ours(0.7, -0.1, 1.5), NO),
        # An effect: our interval must not reach the value of none.
        (near(0.4, 0.35, 0.45, null=0.1), Ours(0.44, 0.38, 0.50), YES),
        (near(0.4, 0.35, 0.45, null=0.1), Ours(0.44, 0.05, 0.83), CLOSE),
        (near(0.4, 0.35, 0.45, null=0.1), Ours(0.44), CLOSE),
        (near(0.4, 0.35, 0.45, null=0.1), Ours(0.44, exact=True), YES),
        (near(0.4, 0.35, 0.45, null=0.1, one_run=True), Ours(0.44), YES),
        (near(0.4, 0.35, 0.45, null=0.1), Ours(0.6, 0.5, 0.7), CLOSE),
        (near(0.4, 0.4, 0.4, null=0.1), Ours(0.05, 0.0, 0.09), NO),
        (near(-0.04, -0.04, -0.04, 0.01, 0.0), Ours(-0.035, -0.05, -0.02), YES),
        (near(-0.04, -0.04, -0.04, 0.01, 0.0), Ours(-0.01, -0.02, -0.005), CLOSE),
        (near(-0.04, -0.04, -0.04, 0.01, 0.0), Ours(0.01, 0.005, 0.02), NO),
        # Bounds concern the whole interval.
        (Wanted("at least", 0.6), Ours(0.7, 0.6001, 0.8), YES),
        (Wanted("at least", 0.6), Ours(0.7, 0.55, 0.85), CLOSE),
        (Wanted("at least", 0.6), Ours(0.7), CLOSE),
        (Wanted("at least", 0.6), Ours(0.6, exact=True), YES),
        (Wanted("at least", 0.6, null=0.12), Ours(0.5, 0.4, 0.6), CLOSE),
        (Wanted("at least", 0.6), Ours(0.5, 0.4, 0.6), NO),
        (Wanted("at least", 0.6, null=0.12), Ours(0.1, 0.0, 0.2), NO),
        (Wanted("at most", 0.01), Ours(0.004, 0.0, 0.008), YES),
        (Wanted("at most", 0.01), Ours(0.009, 0.0, 0.018), CLOSE),
        (Wanted("at most", 0.01, within=0.01), Ours(0.009, 0.0, 0.018), YES),
        (Wanted("at most", 0.01), Ours(0.02, 0.01, 0.03), NO),
        # Directions, too.
        (Wanted("rises"), Ours(0.2, 0.01, 0.4), YES),
        (Wanted("rises"), Ours(0.2, -0.01, 0.4), CLOSE),
        (Wanted("rises"), Ours(0.2), CLOSE),
        (Wanted("rises"), Ours(0.2, exact=True), YES),
        (Wanted("rises"), Ours(-0.2, -0.5, 0.1), NO),
        (Wanted("falls"), Ours(-0.2, -0.4, -0.1), YES),
        (Wanted("falls"), Ours(-0.2, -0.4, 0.1), CLOSE),
        (Wanted("falls"), Ours(0.1, 0.05, 0.2), NO),
        # No difference is shown by an interval that is narrow enough, and not by a wide one.
        (Wanted("none", within=0.1), Ours(0.02, -0.05, 0.09), YES),
        (Wanted("none", within=0.1), Ours(0.05, 0.01, 0.09), YES),
        (Wanted("none", within=0.1), Ours(0.02, -0.3, 0.34), CLOSE),
        (Wanted("none", within=0.1), Ours(0.02), CLOSE),
        (Wanted("none", within=0.1), Ours(0.2, -0.1, 0.5), NO),
        (Wanted("none", within=0.1), Ours(0.2, 0.15, 0.25), NO),
        # A cell whose gate failed says nothing, whatever its values.
        (Wanted("rises"), Ours(0.2, 0.1, 0.3, void="the data did not move the students"), NOT_RUN),
        (Wanted("rises"), Ours(-0.2, -0.3, -0.1, void="the teacher is not loud"), NOT_RUN),
    ],
)
def test_the_verdict_follows_from_the_rule(wanted, ours, said):
    found = verdict(wanted, ours)
    assert found.word == said
    assert bool(found.why) is (said != YES)


@pytest.mark.parametrize(
    "wanted",
    [
        near(0.4, 0.35, 0.45, 0.05, 0.1),
        Wanted("at least", 0.3),
        Wanted("at most", 0.5),
        Wanted("rises"),
        Wanted("none", within=0.6),
    ],
)
def test_a_wider_interval_never_helps(wanted):
    order = [YES, CLOSE, NO]
    widths = (0.001, 0.05, 0.2, 0.5, 2.0)
    ranks = [order.index(verdict(wanted, Ours(0.4, 0.4 - w, 0.4 + w)).word) for w in widths]
    assert ranks == sorted(ranks)
    assert ranks[0] == 0 and ranks[-1] > 0


YES_, CLOSE_, NO_ = Verdict(YES), Verdict(CLOSE, "wide"), Verdict(NO, "below")
VOID = Verdict(NOT_RUN, "gate")


@pytest.mark.parametrize(
    ("each", "said"),
    [
        ([YES_, YES_], YES),
        ([YES_, CLOSE_], CLOSE),
        ([CLOSE_, CLOSE_], CLOSE),
        ([YES_, YES_, NO_], CLOSE),
        ([YES_, NO_], NO),
        ([NO_], NO),
        # What could not be tested counts for neither side.
        ([VOID, VOID], NOT_RUN),
        ([YES_, YES_, VOID], CLOSE),
        ([YES_, VOID], NOT_RUN),
        ([YES_, NO_, VOID], NOT_RUN),
        ([NO_, NO_, VOID], NO),
        ([NO_, VOID], NO),
    ],
)
def test_a_claim_holds_where_all_of_it_does(each, said):
    found = of_all([(f"n{number}", one) for number, one in enumerate(each)])
    assert found.word == said
    if set(each) == {VOID}:
        assert found == VOID  # one reason for all, said once
        return
    for number, one in enumerate(each):
        assert (f"n{number}: {one.why}" in found.why) is (one.word != YES)


def test_a_claim_without_comparisons_is_none():
    with pytest.raises(ValueError):
        of_all([])
