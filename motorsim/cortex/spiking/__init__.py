"""The spiking form of motor cortex: pools of leaky integrate-and-fire neurons that realise a circuit."""

from motorsim.cortex.spiking.calibration import Calibration
from motorsim.cortex.spiking.cortex import SpikingCortex
from motorsim.cortex.spiking.decoding import SpikeDecoding
from motorsim.cortex.spiking.light import LightPulse
from motorsim.cortex.spiking.neurons import LIFNeurons
from motorsim.cortex.spiking.trial import TrialError

__all__ = ["Calibration", "LIFNeurons", "LightPulse", "SpikeDecoding", "SpikingCortex", "TrialError"]
