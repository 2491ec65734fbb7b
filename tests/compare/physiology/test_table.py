import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.compare import REAL_CORTEX, Estimate, Physiology, measure_physiology, physiology_table


def table(*estimates):
    return physiology_table([Physiology(each) for each in estimates]).set_index("property")


def test_one_recording_keeps_the_interval_it_has():
    found = table({"mean_rate_hz": Estimate(8.0), "fano_change": Estimate(-0.1, -0.2, 0.05)})
    assert found.loc["fano_change", ["simulated", "low", "high", "interval"]].tolist() == [
        -0.1,
        -0.2,
        0.05,
        "units",
    ]
    assert np.isnan(found.loc["mean_rate_hz", "low"])
    assert found.loc["mean_rate_hz", "interval"] == ""


def test_several_recordings_give_the_t_interval_of_their_mean():
    found = table(*({"mean_rate_hz": Estimate(rate)} for rate in (7.0, 8.0, 12.0)))
    row = found.loc["mean_rate_hz"]
    half = 4.302653 * np.std([7, 8, 12], ddof=1) / np.sqrt(3)
    assert row["simulated"] == pytest.approx(9)
    assert (row["low"], row["high"]) == pytest.approx((9 - half, 9 + half))
    assert row["interval"] == "recordings"


def test_ranges_judge_the_value_with_their_ends_included():
    ranges = {entry.quantity: entry for entry in REAL_CORTEX}
    rate = ranges["mean_rate_hz"]
    for number, inside in ((rate.low, True), (rate.high, True), (rate.high + 0.01, False)):
        row = table({"mean_rate_hz": Estimate(number)}).loc["mean_rate_hz"]
        assert row["inside"] == inside
        assert (row["real_low"], row["real_high"], row["source"]) == (rate.low, rate.high, rate.source)
    assert table({"fano_change": Estimate(-3.0)})["inside"].tolist() == [True]
    assert table({"condition_invariant_over_tuned": Estimate(0.9)})["inside"].tolist() == [False]


@pytest.mark.parametrize(
    ("name", "estimate", "inside"),
    [
        ("fano_change", Estimate(-0.02, -0.04, -0.01), True),
        ("fano_change", Estimate(-0.02, -0.05, 0.01), False),
        ("condition_invariant_over_tuned", Estimate(1.5, 1.1, 1.9), True),
        ("condition_invariant_over_tuned", Estimate(1.1, 0.3, 1.9), False),
        ("mean_rate_hz", Estimate(19.0, 17.0, 21.0), True),
    ],
)
def test_where_a_range_has_one_end_the_whole_interval_must_be_inside(name, estimate, inside):
    assert table({name: estimate})["inside"].tolist() == [inside]


def test_properties_without_a_range_are_not_judged():
    row = table({"silent_fraction": Estimate(0.1)}).loc["silent_fraction"]
    assert np.isnan([row["real_low"], row["inside"]]).all()
    assert row["source"] == ""


def test_a_property_that_one_recording_lacks_is_not_averaged_over_the_others():
    row = table({"interval_cv": Estimate(0.9)}, {}).loc["interval_cv"]
    assert np.isnan([row["simulated"], row["inside"]]).all()


def test_every_range_is_of_something_measured_and_says_where_it_was_seen(recordings):
    spiking, rate_form = recordings
    measured = measure_physiology(spiking, rng=1, rate_form=rate_form)
    assert {entry.quantity for entry in REAL_CORTEX} <= set(measured.estimates)
    assert all(entry.source and entry.low < entry.high for entry in REAL_CORTEX)


def test_no_recording_is_refused():
    with pytest.raises(InputError, match="measured: expected at least one recording, got none"):
        physiology_table([])
