import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import (
    Circuit,
    StabilityOptimisation,
    amplified_modes,
    augmented_abscissa,
    default_circuit,
    optimise_stability,
    random_balanced_weights,
    stability_optimised_weights,
)


@pytest.fixture(scope="module")
def grown():
    return stability_optimised_weights(60, rng=0, target_abscissa=0.4, max_iterations=2000)


def test_optimisation_makes_the_circuit_stable(grown):
    assert grown.reached
    assert grown.abscissa[0] > 3
    assert grown.circuit.spectral_abscissa <= 0.4
    assert grown.circuit.spectral_abscissa == pytest.approx(grown.abscissa[-1], abs=1e-9)
    assert len(grown.abscissa) == grown.n_iterations + 1


def test_optimisation_keeps_what_it_promises(grown):
    circuit = grown.circuit
    excitatory = circuit.excitatory
    np.testing.assert_array_equal(circuit.weights[:, excitatory], circuit.initial_weights[:, excitatory])
    assert (circuit.weights[:, ~excitatory] <= 0).all()
    assert np.count_nonzero(np.diag(circuit.weights)) == 0
    assert circuit.density(excitatory=False) <= 0.4
    for block in (excitatory, ~excitatory):
        ratio = (
            -circuit.weights[np.ix_(block, ~excitatory)].mean()
            / circuit.weights[np.ix_(block, excitatory)].mean()
        )
        assert ratio == pytest.approx(3.0, rel=1e-9)


def test_growing_is_optimising_the_random_start_with_the_same_settings():
    start = {"excitatory_fraction": 0.6, "connection_probability": 0.2, "spectral_radius": 4.0}
    settings = {
        "inhibition_ratio": 4.0,
        "target_abscissa": 0.3,
        "learning_rate": 5.0,
        "maximum_inhibitory_density": 0.3,
        "max_iterations": 8,
        "smoothing_margin": 3.0,
        "tau_s": 0.1,
        "lag_s": 0.002,
    }
    grown = stability_optimised_weights(40, rng=3, **start, **settings)
    weights = random_balanced_weights(40, rng=3, inhibition_ratio=4.0, **start)
    optimised = optimise_stability(Circuit.from_weights(weights), **settings)
    np.testing.assert_array_equal(grown.circuit.weights, optimised.circuit.weights)
    assert (grown.tau_s, grown.lag_s) == (0.1, 0.002)


def test_early_stop_is_said():
    short = stability_optimised_weights(40, rng=0, max_iterations=3)
    assert not short.reached
    assert short.n_iterations == 3


def test_progress_is_told_every_iteration():
    seen = []
    grown = stability_optimised_weights(
        30, rng=0, max_iterations=5, on_progress=lambda i, a: seen.append((i, a))
    )
    assert [i for i, _ in seen] == list(range(grown.n_iterations + 1))


def test_default_circuit_is_what_its_certificate_says():
    circuit = default_circuit()
    assert circuit.n_units == 200
    assert circuit.spectral_abscissa <= 0.15
    assert circuit.density(excitatory=False) <= 0.4
    np.testing.assert_allclose(
        circuit.initial_weights,
        random_balanced_weights(200, rng=int(circuit.source.split("seed ")[1].rstrip(")"))),
    )


def test_certificate_measures_the_circuit_that_is_returned(grown):
    certificate = grown.certificate()
    assert certificate["abscissa_before"] == pytest.approx(
        np.linalg.eigvals(grown.circuit.initial_weights).real.max(), abs=1e-9
    )
    assert certificate["abscissa_after"] == pytest.approx(certificate["abscissa_without_lag"], abs=1e-9)
    assert certificate["iterations"] == grown.n_iterations
    assert certificate["density_excitatory"] == pytest.approx(grown.circuit.density(excitatory=True))
    assert certificate["dales_law_held"]
    assert certificate["no_self_connections"]
    assert certificate["excitation_unchanged"]
    assert certificate["balance_onto_excitatory"] == pytest.approx(-3.0)
    assert certificate["balance_onto_inhibitory"] == pytest.approx(-3.0)


def test_certificate_says_what_was_broken(grown):
    weights = grown.circuit.weights.copy()
    weights[4, 4], weights[5, 6] = 0.5, weights[5, 6] + 0.5
    broken = Circuit(weights, grown.circuit.excitatory_units, grown.circuit.initial_weights)
    certificate = StabilityOptimisation(
        broken, grown.abscissa, grown.n_iterations, True, 0.2, 0.0
    ).certificate()
    assert not certificate["no_self_connections"]
    assert not certificate["excitation_unchanged"]
    assert certificate["balance_onto_excitatory"] > -3.0
    weights = grown.circuit.weights.copy()
    weights[7, 0] = -0.1
    object.__setattr__(broken, "weights", weights)
    certificate = StabilityOptimisation(
        broken, grown.abscissa, grown.n_iterations, True, 0.2, 0.0
    ).certificate()
    assert not certificate["dales_law_held"]


def test_circuit_of_mostly_excitatory_units_is_stabilised_too():
    grown = stability_optimised_weights(
        120, rng=0, excitatory_fraction=0.8, inhibition_ratio=12.0, target_abscissa=0.95, learning_rate=30.0
    )
    assert grown.reached
    assert grown.abscissa[0] > 3
    assert grown.circuit.excitatory.sum() == 96
    assert grown.certificate()["balance_onto_inhibitory"] == pytest.approx(-12.0)


def test_inhibition_that_cannot_outweigh_excitation_is_refused():
    with pytest.raises(InputError, match=r"inhibition_ratio: expected more than 4"):
        stability_optimised_weights(50, rng=0, excitatory_fraction=0.8)


def test_optimisation_for_a_lag_stabilises_the_lagging_circuit():
    start = stability_optimised_weights(60, rng=0, target_abscissa=0.4, max_iterations=600).circuit
    lag_s = 0.005
    assert augmented_abscissa(start, 0.2, lag_s) > 1.5
    grown = optimise_stability(start, target_abscissa=0.8, lag_s=lag_s, max_iterations=300)
    assert grown.reached
    assert augmented_abscissa(grown.circuit, 0.2, lag_s) == pytest.approx(grown.abscissa[-1], abs=1e-8)
    np.testing.assert_array_equal(grown.circuit.initial_weights, start.initial_weights)
    certificate = grown.certificate()
    assert certificate["abscissa_before"] == pytest.approx(augmented_abscissa(start, 0.2, lag_s), abs=1e-8)
    assert certificate["abscissa_without_lag"] == pytest.approx(grown.circuit.spectral_abscissa)
    assert certificate["lag_s"] == lag_s


def test_a_wider_smoothing_margin_leaves_less_energy_and_more_abscissa():
    start = stability_optimised_weights(60, rng=0, target_abscissa=0.4, max_iterations=600).circuit
    narrow, wide = (
        optimise_stability(start, max_iterations=60, target_abscissa=0.0, smoothing_margin=margin)
        for margin in (0.1, 1.0)
    )
    assert narrow.abscissa[-1] < wide.abscissa[-1]
    assert amplified_modes(narrow.circuit).energies.sum() > amplified_modes(wide.circuit).energies.sum()


def test_optimisation_leaves_the_circuit_it_starts_from_alone():
    start = Circuit.from_weights(random_balanced_weights(30, rng=0))
    before = start.weights.copy()
    optimise_stability(start, max_iterations=2)
    np.testing.assert_array_equal(start.weights, before)


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ({"lag_s": -0.001}, "lag_s"),
        ({"tau_s": 0.0}, "tau_s"),
        ({"target_abscissa": float("nan")}, "target_abscissa"),
        ({"maximum_inhibitory_density": 1.5}, "maximum_inhibitory_density"),
    ],
)
def test_settings_out_of_range_are_refused(setting, name):
    with pytest.raises(InputError, match=name):
        optimise_stability(Circuit.from_weights(random_balanced_weights(30, rng=0)), **setting)


def test_a_circuit_without_excitation_and_inhibition_cannot_be_optimised():
    mixed = Circuit(np.random.default_rng(0).standard_normal((10, 10)), None)
    with pytest.raises(InputError, match="Dale's law"):
        optimise_stability(mixed)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_circuit_of_one_sign_cannot_be_balanced(sign):
    with pytest.raises(InputError, match="excitatory and inhibitory units, got"):
        optimise_stability(Circuit.from_weights(sign * (1.0 - np.eye(5))))
