import importlib

import pytest


@pytest.fixture(scope="session")
def synthetic():
    """The module that makes recordings whose physiology is known."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(__file__).rpartition("/")[0])
        return importlib.import_module("synthetic_recording")


@pytest.fixture(scope="session")
def recordings(synthetic):
    """The spiking recording and its rate form."""
    return synthetic.make_recordings()
