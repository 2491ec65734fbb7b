"""The table of physiology: property, simulated, interval, real range, source, inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError
from motorsim.compare.real_cortex import REAL_CORTEX

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from motorsim.compare.physiology.estimate import Physiology
    from motorsim.compare.real_cortex import RealRange
    from motorsim.types import FloatArray

_NAN = float("nan")


def physiology_table(measured: Sequence[Physiology]) -> pd.DataFrame:
    """Set the properties of simulated recordings beside those of real ones.

    Columns, one row a property:

    - ``property``: its name, ending in its unit where it has one;
    - ``simulated``: mean over recordings (NaN where some lack it);
    - ``low``, ``high``: 95 % interval of that mean, t-distributed over recordings, if there are several;
      the interval within the recording, where one was drawn, if there is one;
    - ``interval``: which of the two, ``"recordings"`` or ``"units"``; empty where there is none;
    - ``real_low``, ``real_high``, ``source``: range of real motor cortex (`REAL_CORTEX`; infinite where one
      side is open); NaN and empty where none is known;
    - ``inside``: whether ``simulated`` lies in that range, bounds included; NaN where none is known.

    Parameters
    ----------
    measured
        One `Physiology` a recording, at least one.

    Returns
    -------
    pandas.DataFrame
        The table, in the order of measurement.

    Raises
    ------
    InputError
        If there is no recording.
    """
    import pandas as pd  # noqa: PLC0415 - keeps the import of this module quick

    if not measured:
        raise InputError("measured", "at least one recording", "none")
    ranges = {entry.quantity: entry for entry in REAL_CORTEX}
    names = dict.fromkeys(name for each in measured for name in each.estimates)
    rows = []
    for name in names:
        value, low, high, interval = _summarise(name, measured)
        real = ranges.get(name)
        known = real is not None and np.isfinite(value)
        rows.append(
            {
                "property": name,
                "simulated": value,
                "low": low,
                "high": high,
                "interval": interval,
                "real_low": _NAN if real is None else real.low,
                "real_high": _NAN if real is None else real.high,
                "inside": _inside(value, low, high, real) if known and real is not None else _NAN,
                "source": "" if real is None else real.source,
            }
        )
    return pd.DataFrame(rows)


def _inside(value: float, low: float, high: float, real: RealRange) -> bool:
    """Whether a property is in its range; where the range has one end, its whole interval must be."""
    least = low if np.isinf(real.high) and np.isfinite(low) else value
    greatest = high if np.isinf(real.low) and np.isfinite(high) else value
    return bool(real.low <= least and greatest <= real.high)


def _summarise(name: str, measured: Sequence[Physiology]) -> tuple[float, float, float, str]:
    found = [each.estimates[name] for each in measured if name in each.estimates]
    if len(found) < len(measured):
        return _NAN, _NAN, _NAN, ""
    if len(found) == 1:
        estimate = found[0]
        return *estimate, "units" if np.isfinite(estimate.low) else ""
    values = np.array([estimate.value for estimate in found])
    mean, half = float(values.mean()), _half_width(values)
    return mean, mean - half, mean + half, "recordings"


def _half_width(values: FloatArray) -> float:
    from scipy.special import stdtrit  # noqa: PLC0415 - keeps the import of this module quick

    n = len(values)
    return float(stdtrit(n - 1, 0.975) * values.std(ddof=1) / np.sqrt(n))
