"""Physiology: what a simulated cortex does, property by property, beside what real motor cortex does."""

from motorsim.compare.physiology.estimate import Estimate, Physiology
from motorsim.compare.physiology.measure import measure_physiology
from motorsim.compare.physiology.settings import PhysiologySettings
from motorsim.compare.physiology.table import physiology_table

__all__ = ["Estimate", "Physiology", "PhysiologySettings", "measure_physiology", "physiology_table"]
