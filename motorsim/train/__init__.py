"""The fitting loop: batches, evaluation, stopping; and how networks are kept."""

from motorsim.train.fit import Fit, fit
from motorsim.train.storage import load_network, network_from_arrays, network_to_arrays, save_network

__all__ = ["Fit", "fit", "load_network", "network_from_arrays", "network_to_arrays", "save_network"]
