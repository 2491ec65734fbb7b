from __future__ import annotations

import numpy as np
import pytest

from motorsim.analysis import smooth_random
from motorsim.population import Population

N_CONDITIONS, N_TIMES, N_LATENT = 16, 30, 5
DT_S = 0.02


class World:
    """Populations that look at smooth latent trajectories of their own or of a seed that they share."""

    fit_on = np.arange(N_CONDITIONS) % 4 != 0
    test_on = ~fit_on

    def latent(self, seed):
        """Smooth in time and over conditions, so that held-out conditions can be told from the others."""
        angle = 2 * np.pi * np.arange(N_CONDITIONS) / N_CONDITIONS
        covariance = np.exp(np.cos(angle[:, None] - angle) - 1)
        return smooth_random(
            N_CONDITIONS,
            N_TIMES,
            N_LATENT,
            dt_s=DT_S,
            length_scale_s=0.08,
            condition_covariance=covariance,
            rng=seed,
        )

    def rates(self, latent, n_units, seed, noise=0.3):
        rng = np.random.default_rng(seed)
        mixed = latent @ rng.standard_normal((latent.shape[2], n_units))
        return 20 + 5 * (mixed + noise * rng.standard_normal(mixed.shape))

    def population(self, rates, **kwargs):
        n_conditions, n_times = rates.shape[:2]
        labels = tuple(f"reach {index}" for index in range(n_conditions))
        return Population(rates, DT_S * np.arange(n_times), labels, **kwargs)

    def seen(self, n_units, seed, *, latent_seed=0, noise=0.3, **kwargs):
        return self.population(self.rates(self.latent(latent_seed), n_units, seed, noise), **kwargs)


@pytest.fixture
def world():
    return World()
