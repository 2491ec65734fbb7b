"""motorsim: grow a motor cortex you know everything about, and measure how far a network agrees with it."""

from __future__ import annotations

import logging

__version__ = "0.1.0"

logging.getLogger(__name__).addHandler(logging.NullHandler())
