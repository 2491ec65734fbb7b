from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from motorsim.analysis import jpca
from motorsim.checks import InputError
from motorsim.plots import (
    ActivityInputs,
    CircuitInputs,
    ComparisonInputs,
    MovementInputs,
    MuscleInputs,
    OverlayInputs,
    PopulationInputs,
    RangeInputs,
    SpikingInputs,
    StandardInputs,
    TrainingInputs,
    save_figure,
    standard_figures,
)

NAMES = ["figure_1_task", "figure_2_circuit", "figure_3_units", "figure_4_populations", "figure_5_training"]


@pytest.fixture
def inputs(clock, conditions, held_out, reaches, traces):
    rates = np.cumsum(np.random.default_rng(0).normal(size=(8, 40, 12)), axis=1)
    weights = np.array([[0.0, -1.0], [2.0, -0.5]])
    rotation = jpca(rates, dt_s=0.01)
    desired = reaches.hand_path(clock.times_s)
    names = [f"unit {unit}" for unit in range(5)]
    rows = [(m, c, 0.5, 0.4, 0.6, 0.1, 0.9, True) for m in ("cca", "r2") for c in ("data-driven", "shuffled")]
    rows.append(("r2", "untrained", 0.2, 0.1, 0.3, 0.1, 0.9, True))
    columns = ["metric", "candidate", "value", "low", "high", "null", "ceiling", "higher_is_more_alike"]
    populations = [
        PopulationInputs(
            name=name, conditions=conditions, scores=rates, jpca=rotation, score_unit=unit, jpca_unit="a.u."
        )
        for name, unit in (("cortex", "Hz"), ("data-driven", "a.u."))
    ]
    return StandardInputs(
        movement=MovementInputs(
            reaches=reaches,
            held_out=held_out,
            clock=clock,
            hand_position_m=desired.position_m,
            hand_velocity_m_s=desired.velocity_m_s,
            desired_position_m=desired.position_m,
            desired_velocity_m_s=desired.velocity_m_s,
            torque_nm=traces,
        ),
        circuit=CircuitInputs(
            weights=weights,
            excitatory=np.array([True, False]),
            eigenvalues=np.linalg.eigvals(weights),
            energies=np.array([3.0, 1.0]),
        ),
        activity=ActivityInputs(
            clock=clock, conditions=conditions, rates_hz=rates[..., :5], unit_names=names
        ),
        populations=populations,
        training=[
            TrainingInputs(
                name="data-driven",
                training_loss=np.array([1.0, 0.5]),
                validation_loss=np.array([0.7]),
                evaluated_at=np.array([1]),
                best_iteration=1,
            )
        ],
        overlay=OverlayInputs(
            clock=clock,
            conditions=conditions.select(held_out),
            cortex_hz=rates[held_out, :, :2],
            network_hz=rates[held_out, :, 2:4],
            unit_names=names[:2],
        ),
        comparison=ComparisonInputs(
            table=pd.DataFrame(rows, columns=columns),
            ranges=[RangeInputs(label="R² skew", real_range=(0.3, 0.5), values={"cortex": 0.4})],
        ),
        spiking=SpikingInputs(
            reaches=reaches,
            held_out=held_out,
            clock=clock,
            example=2,
            spike_unit=np.array([0, 1, 2, 2]),
            spike_time_s=np.array([-0.1, 0.0, 0.05, 0.1]),
            unit_excitatory=np.array([True, False, True]),
            unit_preferred_rad=np.array([0.0, 1.0, 2.0]),
            hand_position_m=np.concatenate([desired.position_m] * 2),
            condition=np.tile(np.arange(8), 2),
            pool_hz=rates[..., :3],
            rate_form_hz=rates[..., 3:6],
            pool_names=names[:3],
            points_hz=rates[..., :2].reshape(2, -1),
            correlation=0.5,
            unit_rate_hz=np.array([5.0, 10.0, 20.0]),
            unit_interval_cv=np.array([0.8, 0.9, 1.1]),
        ),
        muscles=MuscleInputs(
            clock=clock,
            recorded=rates[..., :3],
            fitted=rates[..., :3],
            labels=("a", "b", "c"),
            condition_labels=reaches.labels,
            held_out=held_out,
        ),
    )


def test_every_part_gives_its_figure_in_the_order_of_the_paper(inputs):
    figures = standard_figures(inputs)
    assert list(figures) == [*NAMES, "figure_6_comparison", "figure_7_spikes", "figure_muscles"]
    for fig in figures.values():
        assert fig.get_figwidth() <= 180.0 / 25.4 + 1e-9


def test_parts_left_out_leave_their_figures_out(inputs):
    assert list(standard_figures(StandardInputs(training=inputs.training))) == ["figure_5_training"]
    with pytest.raises(InputError, match="at least one part"):
        standard_figures(StandardInputs())


def test_no_text_is_smaller_than_can_be_read_in_print(inputs):
    for fig in standard_figures(inputs).values():
        for text in fig.findobj(lambda artist: hasattr(artist, "get_fontsize")):
            assert text.get_fontsize() >= 6.0, text.get_text()


def test_panels_lie_inside_the_page_and_beside_each_other(inputs):
    for name, fig in standard_figures(inputs).items():
        fig.draw_without_rendering()
        boxes = [ax.get_tightbbox() for ax in fig.axes]
        for box in boxes:
            assert box.x0 > -1.0, name
            assert box.x1 < fig.bbox.x1 + 1.0, name
        windows = [ax.get_window_extent() for ax in fig.axes]
        for first, one in enumerate(windows):
            assert not any(one.overlaps(other) for other in windows[first + 1 :]), name


def test_another_list_of_candidates_is_named_again(inputs):
    fig = standard_figures(inputs)["figure_6_comparison"]
    named = [[text.get_text() for text in ax.get_yticklabels()] for ax in fig.axes[:2]]
    assert named == [["data-driven", "shuffled"], ["data-driven", "shuffled", "untrained"]]


def test_pools_are_shown_in_far_reaches_beside_their_rate_form(inputs):
    given = inputs.spiking
    fig = standard_figures(inputs)["figure_7_spikes"]
    panels = [ax for ax in fig.axes if ax.get_title() in given.pool_names]
    assert len(panels) == 3
    for pool, ax in enumerate(panels):
        drawn = {line.get_linewidth(): [] for line in ax.lines}
        for line in ax.lines:
            drawn[line.get_linewidth()].append(line.get_ydata())
        np.testing.assert_array_equal(drawn[0.8], given.rate_form_hz[4:, :, pool])
        np.testing.assert_array_equal(drawn[2.4], given.pool_hz[4:, :, pool])
    assert fig.axes[0].get_title() == "one trial: 6 cm at 180°"


def test_populations_in_one_unit_share_their_limits(inputs):
    fig = standard_figures(inputs)["figure_4_populations"]
    planes = [ax for ax in fig.axes if ax.get_xlabel() == "jPC 1 (a.u.)"]
    assert len(planes) == 2
    assert planes[0].get_xlim() == planes[1].get_xlim() == planes[0].get_ylim()


def test_saved_twice_the_bytes_are_the_same(inputs, tmp_path):
    part = StandardInputs(circuit=inputs.circuit, training=inputs.training)
    written = []
    for folder in (tmp_path / "once", tmp_path / "again"):
        figures = standard_figures(part)
        paths = [path for name, fig in figures.items() for path in save_figure(fig, folder, name)]
        written.append({path.name: path.read_bytes() for path in paths})
    assert list(written[0]) == [
        "figure_2_circuit.pdf",
        "figure_2_circuit.png",
        "figure_5_training.pdf",
        "figure_5_training.png",
    ]
    assert written[0] == written[1]


def test_files_are_whole_embed_truetype_and_carry_no_date(inputs, tmp_path):
    (fig,) = standard_figures(StandardInputs(training=inputs.training)).values()
    pdf, png = (path.read_bytes() for path in save_figure(fig, tmp_path, "training"))
    assert pdf.startswith(b"%PDF")
    assert b"CreationDate" not in pdf
    assert b"CIDFontType2" in pdf
    assert b"/Type3" not in pdf
    assert png.startswith(b"\x89PNG")
    width = int.from_bytes(png[16:20], "big")
    assert width == pytest.approx(180.0 / 25.4 * 300.0, abs=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["training.pdf", "training.png"]


def test_a_name_that_leads_elsewhere_is_refused(inputs, tmp_path):
    (fig,) = standard_figures(StandardInputs(training=inputs.training)).values()
    with pytest.raises(InputError, match="name"):
        save_figure(fig, tmp_path, "../training")
