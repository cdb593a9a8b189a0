"""What pages of costs say: both languages, what people type, and prices that are read at a glance."""

from typing import Any

import pytest

from services.gateway.core.price_rows import price_rows
from services.gateway.core.typed import typed
from services.gateway.portal.cost_words import COSTS_IN_ENGLISH, COSTS_IN_SWEDISH
from services.gateway.portal.words import ENGLISH, SWEDISH


def names(words: dict[str, Any]) -> set[str]:
    nested = {f"{name}.{inner}" for name, one in words.items() if isinstance(one, dict) for inner in one}
    return nested | set(words)


def test_both_languages_have_a_word_for_everything_and_no_word_twice() -> None:
    assert names(COSTS_IN_SWEDISH) == names(COSTS_IN_ENGLISH)
    assert set(COSTS_IN_SWEDISH) & set(SWEDISH) == set()
    assert set(COSTS_IN_ENGLISH) & set(ENGLISH) == set()


@pytest.mark.parametrize(("text", "number"), [("1 234,5", "1234.5"), ("\u00a012\u00a0000 ", "12000"), ("−3", "-3")])
def test_numbers_are_taken_as_people_write_them(text: str, number: str) -> None:
    assert typed({"power_kw": text}, ("power_kw",)) == {"power_kw": number}


def price(first: str, last: str, band: tuple[str | None, str | None], kr: str = "562") -> dict[str, Any]:
    known = {"component": "energy", "name": "Vinter", "price_kr": kr, "per": "MWh", "against": None}
    days = {"first_day": first, "last_day": last, "from_kw": band[0], "to_kw": band[1]}
    return known | days | {"is_against_network": False, "counts": "both", "at_most": None}


def test_a_season_stands_once_with_all_its_days() -> None:
    bands: list[tuple[str | None, str | None]] = [(None, "25"), ("25", None)]
    spans = [("2023-01-01", "2023-03-31"), ("2023-11-01", "2023-12-31")]
    rows = price_rows([price(first, last, band) for first, last in spans for band in bands], "sv")
    assert [(row.days, row.bands) for row in rows] == [("1 jan.–31 mars, 1 nov.–31 dec.", ())]


def test_prices_that_count_on_different_sides_stand_apart() -> None:
    one = price("2023-01-01", "2023-12-31", (None, None)) | {"counts": "above", "at_most": "10"}
    rows = price_rows([one, one | {"counts": "below", "at_most": None}], "sv")
    assert [(row.counts, row.at_most) for row in rows] == [("above", "10"), ("below", None)]


def test_a_price_of_one_band_alone_says_which() -> None:
    whole = ("2023-01-01", "2023-12-31")
    rows = price_rows([price(*whole, (None, "25"), "1"), price(*whole, ("25", None), "2")], "sv")
    assert [(row.price_kr, row.bands) for row in rows] == [("1", ((None, "25"),)), ("2", (("25", None),))]
