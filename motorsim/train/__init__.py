"""The fitting loop: batches, evaluation, stopping."""

from motorsim.train.fit import Fit, fit

__all__ = ["Fit", "fit"]
