"""Labels: classes as numbers, and as the targets that a cross-entropy takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, check_integer

if TYPE_CHECKING:
    from motorsim.types import FloatArray


def one_hot(labels: Any, n_classes: int) -> FloatArray:
    """Return class targets: 1 for the class of the label, 0 for all others.

    Parameters
    ----------
    labels
        Integers from 0 to ``n_classes`` - 1, (...), for instance (batch, time).
    n_classes
        Number of classes.

    Returns
    -------
    FloatArray
        (..., n_classes).

    Raises
    ------
    InputError
        If labels are not integers or out of range.
    """
    n_classes = check_integer("n_classes", n_classes)
    array = np.asarray(labels)
    if array.dtype.kind not in "iu":
        mend = "write labels.astype(int) if they are whole"
        raise InputError("labels", "integers", f"{array.dtype} numbers", mend)
    outside = (array < 0) | (array >= n_classes)
    if outside.any():
        first = tuple(int(i) for i in np.argwhere(outside)[0])
        raise InputError("labels", f"integers from 0 to {n_classes - 1}", f"{array[first]} at index {first}")
    targets = np.zeros((*array.shape, n_classes))
    np.put_along_axis(targets, array[..., None].astype(np.int64), 1.0, axis=-1)
    return targets
