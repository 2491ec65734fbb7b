"""Identities: equal descriptions for equal things, in any process."""

from functools import partial

import numpy as np

from motorsim.nn import Adam, AdamW, mse
from motorsim.train.identity import describe


class _Plain:
    def __init__(self, strength):
        self.strength = strength


def test_same_type_and_fields_have_the_same_description_and_others_not():
    assert describe(Adam(1e-3)) == describe(Adam(1e-3))
    things = [Adam(1e-3), Adam(2e-3), AdamW(1e-3), _Plain(1.0), _Plain(2.0), mse, 1, 1.0, "1", None, (1,)]
    things += [partial(max, 1), partial(max, 2), partial(min, 1), {"a": 1}, {"a": 2}, slice(2)]
    assert len({describe(thing) for thing in things}) == len(things)


def test_functions_and_objects_are_known_by_name_and_never_by_address():
    for thing in (np.sin, describe, lambda: 1, _Plain(_Plain(3)), _Plain, partial(describe, 3)):
        assert " at 0x" not in describe(thing)
    assert describe(describe) == "motorsim.train.identity.describe"


def test_arrays_are_known_by_type_shape_and_every_number():
    array = np.arange(6.0)
    nudged = array.copy()
    nudged[3] = np.nextafter(3.0, 4.0)
    variants = [array, nudged, array.reshape(2, 3), array.astype(np.float32)]
    variants += [np.zeros(6), np.zeros(6, dtype=np.int64)]
    assert len({describe(variant) for variant in variants}) == len(variants)
    assert describe(np.asfortranarray(array.reshape(2, 3))) == describe(array.reshape(2, 3))


def test_what_holds_itself_is_described_to_a_depth():
    endless = _Plain(None)
    endless.strength = endless
    assert describe(endless).count("strength") == 8
