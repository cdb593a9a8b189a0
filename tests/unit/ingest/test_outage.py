"""Which zeros are an outage's, and which a meter's own."""

import pytest

from services.ingest.core.outage import outage_zeros
from tests.oracle.verdicts import Place, Reading
from tests.unit.ingest.rows import candidates

MAXIMUM_KW = 50
PLACE = Place(1, 0, None, (None, None), (None, None), (0, 0), 1000)
SIX_DIGITS = PLACE._replace(modulus=(1_000_000, 1_000))
HOURLY_KWH = 4_000


def zeros_in(*registers: int, place: Place = PLACE, litres: int | None = None) -> list[int]:
    """Judge hourly readings; gives the places of those that are an outage's."""
    readings = [
        Reading(index * 3600, index, None, 0, 0, wh, litres, None, None, None, None, withdrawn=False)
        for index, wh in enumerate(registers)
    ]
    return [index for index, is_one in enumerate(outage_zeros(candidates(readings, place, MAXIMUM_KW))) if is_one]


@pytest.mark.parametrize("length", [1, 23, 24, 25, 300])
def test_zeros_between_readings_that_go_on_from_each_other_are_an_outages_however_many(length: int) -> None:
    behind = [5_000_000 + HOURLY_KWH * (length + hour) for hour in range(3)]
    assert zeros_in(5_000_000, *[0] * length, *behind) == list(range(1, length + 1))


@pytest.mark.parametrize("length", [1, 30])
def test_zeros_before_a_register_that_cannot_have_begun_at_zero_are_an_outages(length: int) -> None:
    assert zeros_in(*[0] * length, 5_240_000, 5_241_000) == list(range(length))


def test_the_zeros_of_a_new_meter_are_its_own() -> None:
    assert zeros_in(0, 0, 0) == []
    assert zeros_in(0, 0, 900, 1_800) == []
    # One wrong reading among them makes no outage of the others.
    assert zeros_in(0, 0, 4_000_000_000, 900, 1_800) == []
    assert zeros_in(4_000_000_000, 0, 0, 900, 1_800) == []


def test_zeros_of_a_new_meter_that_nobody_registered_are_left_to_the_chain() -> None:
    assert zeros_in(5_000_000, 0, 0, 900, 1_800) == []
    # Nor do they become an outage's once the new meter has passed the old one.
    assert zeros_in(20_000, 0, *range(4_000, 60_000, 4_000)) == []


def test_zeros_after_a_small_register_that_goes_on_are_an_outages() -> None:
    assert zeros_in(3_000, 0, 0, 4_000) == [1, 2]


def test_a_rollover_to_zero_is_none() -> None:
    assert zeros_in(999_000, 0, 0, 1_000, place=SIX_DIGITS) == []
    assert zeros_in(999_000, 0, place=SIX_DIGITS) == []


def test_zeros_that_nothing_has_followed_yet_are_an_outages() -> None:
    assert zeros_in(5_000_000, 0, 0) == [1, 2]


def test_no_energy_beside_a_volume_is_none() -> None:
    assert zeros_in(5_000_000, 0, 5_001_000, litres=7) == []
