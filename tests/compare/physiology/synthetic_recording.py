"""A recording made of plain formulas, whose physiology is known without simulating a circuit."""

import numpy as np

from motorsim.population import Population
from motorsim.recording import Recording
from motorsim.spikes import SpikeTrains

TARGET_S, GO_S, ONSET_S, STOP_S, DT_S = 0.2, 0.8, 0.9, 1.9, 0.01
STEP_S = 0.002
N_DIRECTIONS, N_POOLS, PER_POOL = 8, 24, 3


def pool_rates(times_s, seed):
    """Rates (direction, time, pool): a ramp of preparation, then rotations and a common pulse."""
    rng = np.random.default_rng(seed)
    angle = 2 * np.pi * np.arange(N_DIRECTIONS)[:, None, None] / N_DIRECTIONS
    prepared = np.clip((times_s - TARGET_S) / 0.2, 0, 1)[:, None] * (times_s < GO_S)[:, None]
    after_s = np.maximum(times_s - GO_S, 0)[:, None]
    moving = after_s * np.exp(1 - after_s / 0.15) / 0.15
    rates = 12 + 8 * moving * rng.uniform(0.5, 1.5, N_POOLS)
    rates = rates + 5 * prepared * np.cos(angle - rng.uniform(0, 2 * np.pi, N_POOLS))
    for harmonic, size in ((1, 5.0), (2, 2.5), (3, 2.0)):
        phase = rng.uniform(0, 2 * np.pi, N_POOLS) + 2 * np.pi * (0.8 + 0.5 / harmonic) * after_s
        rates = rates + size * moving * np.cos(harmonic * angle - phase)
    return np.maximum(rates, 0.5)


def make_spikes(fine_hz, excitable, rng):
    """Poisson spikes of rates (trial, step, pool) in steps, PER_POOL neurons a pool."""
    n_trials, n_steps, _ = fine_hz.shape
    probability = STEP_S * np.repeat(fine_hz, PER_POOL, axis=2) * excitable
    trial, step, unit = np.nonzero(rng.random(probability.shape) < probability)
    time_s = STEP_S * (step + rng.random(step.size))
    return SpikeTrains.from_events(
        trial,
        unit,
        np.minimum(time_s, np.nextafter(STOP_S, 0)),
        n_trials=n_trials,
        n_units=N_POOLS * PER_POOL,
        start_s=0.0,
        stop_s=STEP_S * n_steps,
    )


def signals(times_s, angle):
    """Hand velocity and torque (trial, time, 2) of a bell-shaped reach and its push and brake."""
    along = np.stack([np.cos(angle), np.sin(angle)], -1)[:, None, :]
    progress = np.clip((times_s - ONSET_S) / 0.5, 0, 1)[:, None]
    speed = 30 * progress**2 * (1 - progress) ** 2 * 0.1 / 0.5
    push = progress * (1 - progress) * (1 - 2 * progress)
    return speed * along, push * along


def make_recordings(seed=0, n_trials=12, gain_before=0.2, gain_after=0.02):
    """Return the spiking recording and its rate form; gains vary less between trials from the target on."""
    rng = np.random.default_rng(seed)
    times_s = DT_S * np.arange(round(STOP_S / DT_S))
    fine_s = STEP_S * (np.arange(round(STOP_S / STEP_S)) + 0.5)
    labels = tuple(f"{45 * number} deg" for number in range(N_DIRECTIONS)) * n_trials
    angle = np.tile(2 * np.pi * np.arange(N_DIRECTIONS) / N_DIRECTIONS, n_trials)
    trials = len(labels)
    early, late = (rng.gamma(1 / v, v, (trials, 1, N_POOLS)) for v in (gain_before, gain_after))
    fine_hz = np.tile(pool_rates(fine_s, seed), (n_trials, 1, 1))
    fine_hz = fine_hz * np.where(fine_s[:, None] < TARGET_S, early, late)
    excitable = rng.uniform(0.5, 1.5, N_POOLS * PER_POOL)
    spikes = make_spikes(fine_hz, excitable, rng)
    counts = spikes.counts(np.concatenate([times_s, [STOP_S]]))
    pooled = counts.reshape(trials, len(times_s), N_POOLS, PER_POOL).mean(axis=3) / DT_S
    velocity, torque = signals(times_s, angle)
    common = {"events_s": {"target_onset": TARGET_S, "go_cue": GO_S, "movement_onset": ONSET_S}}
    spiking = Recording(
        Population(pooled, times_s, labels, sample_axis="trial"),
        hand_velocity_m_s=velocity,
        torque_nm=torque,
        trials={"direction_rad": angle},
        spikes=spikes,
        units={
            "pool": np.repeat(np.arange(N_POOLS), PER_POOL),
            "excitatory": np.repeat(np.arange(N_POOLS) < N_POOLS // 2, PER_POOL),
        },
        **common,
    )
    rate_form = Recording(
        Population(pool_rates(times_s + DT_S / 2, seed), times_s, labels[:N_DIRECTIONS]),
        trials={"direction_rad": angle[:N_DIRECTIONS]},
        **common,
    )
    return spiking, rate_form
