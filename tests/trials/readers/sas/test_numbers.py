"""Numbers of transport files: exact values, all that a double can be, and the special missing values."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from botox_analysis.trials.readers.sas.numbers import SPECIAL, from_ibm
from tests.trials.readers.sas.transports import ibm

LARGEST, SMALLEST = 7.2e75, 5.4e-79
"""Sizes of numbers that a transport file can contain."""


def read(*cells):
    return from_ibm(np.array([int.from_bytes(cell, "big") for cell in cells], dtype=np.uint64))


@given(st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: x == 0 or SMALLEST < abs(x) < LARGEST))
def test_every_double_of_the_range_comes_back_exactly(number):
    assert read(ibm(number))[0].tolist() == [number]


@pytest.mark.parametrize(
    ("digits", "number"),
    [
        # TS-140 and the System/360 Principles of Operation: 0x41 is 16 to the power of 1.
        ("4110000000000000", 1.0),
        ("C110000000000000", -1.0),
        ("4080000000000000", 0.5),
        ("42640000" + "0" * 8, 100.0),
        ("C276A00000000000", -118.625),
        ("7FFFFFFFFFFFFFFF", 16.0**63),
        ("0010000000000000", 16.0**-65),
        ("0000000000000000", 0.0),
        ("8000000000000000", 0.0),
    ],
)
def test_numbers_of_the_specification(digits, number):
    assert read(bytes.fromhex(digits))[0].tolist() == [number]


@given(st.integers(0, 2**56 - 1), st.integers(0, 127))
def test_a_fraction_of_56_bits_is_rounded_to_the_nearest_double(fraction, exponent):
    found = read(struct.pack(">Q", exponent << 56 | fraction))[0][0]
    if fraction:
        assert found == math.ldexp(float(fraction), 4 * (exponent - 64) - 56)


@pytest.mark.parametrize("sign", SPECIAL)
def test_each_special_missing_value_is_missing_and_counted(sign):
    values, special = read(ibm(sign), ibm(1.0), ibm(sign), ibm(None))
    assert np.isnan(values).tolist() == [True, False, True, True]
    assert special == {sign: 2}


def test_a_number_that_begins_with_the_byte_of_a_missing_value_is_a_number():
    values, special = read(bytes.fromhex("4100000000000001"), bytes.fromhex("2E10000000000000"))
    assert values.tolist() == [16.0**-13, 16.0**-19]
    assert special == {}
