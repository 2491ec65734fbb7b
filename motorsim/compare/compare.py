"""Compare two populations: metric, interval, null and ceiling in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from motorsim.checks import InputError, check_integer
from motorsim.compare.comparison import COLUMNS, Comparison
from motorsim.compare.dimensionality import Dimensionality
from motorsim.compare.held_out_cca import HeldOutCCA
from motorsim.compare.held_out_procrustes import HeldOutProcrustes
from motorsim.compare.held_out_r2 import HeldOutR2
from motorsim.compare.metric import Description, HeldOutMetric
from motorsim.compare.pair import Pair
from motorsim.compare.rotations import Rotations
from motorsim.compare.rows import description_rows, held_out_rows
from motorsim.compare.subsampling import draw_halves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.population import Population
    from motorsim.streams import Seed
    from motorsim.types import BoolArray


def standard_metrics(
    *,
    n_components: int = 10,
    jpca_window_s: tuple[float, float] | None = None,
    jpca_n_components: int = 6,
    soft_norm_hz: float = 5.0,
) -> tuple[HeldOutMetric | Description, ...]:
    """Return what `compare` measures unless told otherwise, in the order of its table."""
    return (
        HeldOutCCA(n_components),
        HeldOutCCA(n_components, tuned=True),
        HeldOutProcrustes(n_components),
        HeldOutR2("candidate_to_reference"),
        HeldOutR2("reference_to_candidate"),
        HeldOutR2("candidate_to_reference", tuned=True),
        HeldOutR2("reference_to_candidate", tuned=True),
        Dimensionality(),
        Rotations(jpca_window_s, jpca_n_components, soft_norm_hz),
    )


def compare(
    reference: Population,
    candidate: Population,
    *,
    rng: Seed,
    fit_on: BoolArray,
    test_on: BoolArray,
    metrics: Sequence[HeldOutMetric | Description] | None = None,
    n_components: int = 10,
    n_subsamples: int = 100,
    n_shuffles: int = 50,
    n_halvings: int = 20,
    jpca_window_s: tuple[float, float] | None = None,
    jpca_n_components: int = 6,
    soft_norm_hz: float = 5.0,
    reference_name: str = "cortex",
    candidate_name: str = "candidate",
) -> Comparison:
    """Measure how alike a candidate population is to a reference.

    Columns of the table:

    - ``value``: the metric, or for descriptions (``higher_is_more_alike`` NaN) the candidate's number, the
      reference's being in ``reference_value``;
    - ``low``, ``high``: 95 % interval over halves of the units drawn without replacement, the reference's
      units for metrics and the candidate's for descriptions: spread of the draws about their mean, laid
      around the value (delete-d jackknife, Shao & Wu 1989, Ann. Stat. 17:1176), ended at the bounds of the
      score. It covers which units were seen, nothing else: neither conditions nor seeds (run several seeds
      for these). NaN where half of the units are too few;
    - ``null``, ``null_high``: median and 95th percentile over shuffles of the candidate's conditions, each
      with the ridge that suits its scored conditions best, so that no shuffle loses by a ridge chosen for
      the true pairing; NaN for descriptions. A weak null: time courses that all conditions share survive the
      shuffle, and unrelated rates that are smooth over targets often pass it (`smooth_random_like` tells);
    - ``ceiling``: half of the reference's units against the other half, mean over ``n_halvings``: a yardstick
      and no bound, since a candidate fitted to all units can exceed it. It holds no trial noise and depends
      on the reference, the masks, the settings and ``rng`` alone: give the same integer to compare several
      candidates. NaN for descriptions and where half of the units are too few;
    - ``conditions``: those the number is about, "test" or "all"; ``note``: what was done.

    Parameters
    ----------
    reference, candidate
        Activity over the same conditions and times (`Pair` says what is refused), (condition, time, unit),
        usually rates in Hz and hidden states or rates of a model.
    rng
        Seed or generator.
    fit_on, test_on
        Conditions to fit maps on, at least 3, and to score them on, masks (condition,) without overlap.
    metrics
        What to measure, in place of `standard_metrics` and their settings: ``n_components``,
        ``jpca_window_s``, ``jpca_n_components`` and ``soft_norm_hz``.
    n_components
        Principal components for CCA and Procrustes.
    n_subsamples, n_shuffles, n_halvings
        Draws of half of the units, shuffles of conditions and halvings of units.
    jpca_window_s, jpca_n_components, soft_norm_hz
        As for `Rotations`.
    reference_name, candidate_name
        Names for the table.

    Returns
    -------
    Comparison
        The table.

    Raises
    ------
    InputError
        If the populations do not join exactly, a mask, a number or a name cannot be used, or conditions or
        units are too few for a metric.
    """
    pair = Pair(reference, candidate, fit_on, test_on)
    _check_names(reference_name, candidate_name)
    draws = (
        check_integer("n_subsamples", n_subsamples),
        check_integer("n_shuffles", n_shuffles),
        check_integer("n_halvings", n_halvings),
    )
    settings: dict[str, Any] = {
        "n_components": n_components,
        "jpca_window_s": jpca_window_s,
        "jpca_n_components": jpca_n_components,
        "soft_norm_hz": soft_norm_hz,
    }
    wanted = _standard(pair, settings) if metrics is None else _given(metrics, settings)
    units = draw_halves("candidate", candidate.n_units, draws[0], rng=rng)
    held_out = [metric for metric in wanted if isinstance(metric, HeldOutMetric)]
    scored = iter(held_out_rows(pair, held_out, draws, rng=rng))
    rows = [
        row
        for metric in wanted
        for row in (
            description_rows(pair, metric, units) if isinstance(metric, Description) else [next(scored)]
        )
    ]
    return _comparison(rows, reference_name, candidate_name)


def _comparison(rows: list[dict[str, Any]], reference_name: str, candidate_name: str) -> Comparison:
    import pandas as pd  # noqa: PLC0415 - keeps the import of this module quick

    filled = [dict.fromkeys(COLUMNS, float("nan")) | row | {"candidate": candidate_name} for row in rows]
    return Comparison(pd.DataFrame(filled, columns=list(COLUMNS)), reference_name, (candidate_name,))


def _standard(pair: Pair, settings: dict[str, Any]) -> tuple[HeldOutMetric | Description, ...]:
    n = int(pair.fit_on.sum())
    if n < 3:
        raise InputError("fit_on", "at least 3 conditions, to choose the ridge", f"{n}")
    return standard_metrics(**settings)


def _given(
    metrics: Sequence[HeldOutMetric | Description], settings: dict[str, Any]
) -> tuple[HeldOutMetric | Description, ...]:
    defaults = standard_metrics.__kwdefaults__ or {}
    ignored = [name for name, value in settings.items() if value != defaults[name]]
    if ignored:
        mend = "give the settings to the metrics themselves"
        raise InputError(
            "metrics", "either metrics or settings of the standard ones", ", ".join(ignored), mend
        )
    wanted = tuple(metrics)
    if not wanted:
        raise InputError("metrics", "at least one metric", "none")
    for metric in wanted:
        if isinstance(metric, type) or not isinstance(metric, HeldOutMetric | Description):
            raise InputError("metrics", "objects that meet HeldOutMetric or Description", repr(metric))
    names = [
        name
        for metric in wanted
        for name in (metric.names if isinstance(metric, Description) else (metric.name,))
    ]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError("metrics", "each name once", f"{', '.join(twice)} more than once")
    return wanted


def _check_names(reference_name: str, candidate_name: str) -> None:
    for name, value in (("reference_name", reference_name), ("candidate_name", candidate_name)):
        if not isinstance(value, str) or not value:
            raise InputError(name, "a name", repr(value))
