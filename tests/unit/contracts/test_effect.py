"""What a new version does to each customer: a general rise is nobody's loss, and a new season is somebody's."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.price_lists import PriceList
from services.contracts.core.effect import MONTHS, Effect, Usage, costs, effect, reference_year
from services.heat.arrays import UNKNOWN, Int64

WINTER, SUMMER = [1, 2, 3, 11, 12], [4, 5, 6, 7, 8, 9, 10]


def version(
    winter: str, summer: str, kw: str = "365", valid_from: str = "2021-01-01", extra: object = None, **more: object
) -> PriceList:
    seasons = [
        {"name": "Vinter", "months": WINTER, "price_per_mwh": winter},
        {"name": "Sommar", "months": SUMMER, "price_per_mwh": summer},
    ]
    band = {"from_kw": "0", "to_kw": None, "fixed_per_year": "0", "per_kw_year": kw}
    components: list[object] = [{"type": "energyPrice", "seasons": seasons}, {"type": "powerPrice", "bands": [band]}]
    components += [extra] if extra else []
    document = {"price_list_id": "bas", "version": 1, "name": "Bas", "valid_from": valid_from, "components": components}
    return PriceList.model_validate(document | more)


def usage(*kwh: list[int], centi_kw: int = 1_000) -> Usage:
    months = np.array(kwh, np.int64)
    nothing = np.full(months.shape, UNKNOWN)
    return Usage(months, nothing, nothing, nothing, nothing, np.full(len(months), centi_kw))


def compared(old: PriceList, new: PriceList, used: Usage) -> Effect:
    return effect(*(costs(one, reference_year(one) or 0, used) for one in (old, new)))


LEVEL = [1_000] * MONTHS
IN_WINTER = [2_400 if month in WINTER else 0 for month in range(1, 13)]
IN_SUMMER = [1_714 if month in SUMMER else 0 for month in range(1, 13)]


def test_the_twelve_months_cost_what_a_year_does() -> None:
    year = costs(version("500", "200"), 2021, usage(LEVEL))
    assert year.ore.tolist() == [100 * (5 * 500 + 7 * 200 + 10 * 365)]
    assert year.is_known.tolist() == [True]


def test_a_general_rise_is_nobodys_loss() -> None:
    found = compared(version("500", "200"), version("550", "220", "401.5"), usage(LEVEL, IN_WINTER, IN_SUMMER))
    assert found.general_percent == pytest.approx(10)
    assert found.mean_percent == pytest.approx(0, abs=1e-3)
    assert found.spread_percent == pytest.approx(0, abs=1e-3)


def test_dearer_winters_and_cheaper_summers_are_paid_by_who_heats_in_winter() -> None:
    # 12 MWh level: five months of 25 kr more are 125, seven of 17.857 less are 125.
    found = compared(version("500", "200", "0"), version("525", "182.142857", "0"), usage(LEVEL, IN_WINTER, IN_SUMMER))
    assert [one.place for one in found.lose_most] == [1]
    assert found.gain_most[0].place == 2
    level = compared(version("500", "200", "0"), version("525", "182.142857", "0"), usage(LEVEL))
    assert level.general_percent == pytest.approx(0, abs=1e-3)


def test_who_is_not_known_is_left_out_and_counted() -> None:
    unknown = [*LEVEL[:-1], UNKNOWN]
    found = compared(version("500", "200"), version("500", "200"), usage(LEVEL, unknown))
    assert (found.contracts, found.left_out) == (1, 1)
    nobody = compared(version("500", "200"), version("500", "200"), usage(unknown))
    assert (nobody.contracts, nobody.left_out, nobody.percentiles) == (0, 1, {})


def test_why_a_contract_is_left_out_is_said_of_each_once() -> None:
    nothing = UNKNOWN
    used = usage([*LEVEL[:-1], nothing], LEVEL, LEVEL, [0] * MONTHS)
    used.centi_kw[:] = 1_000, nothing, 1_000, 0
    by_volume = {"type": "volumePrice", "price_per_m3": "3"}
    old, new = version("500", "200"), version("500", "200")
    assert compared(old, new, used).left_out_for == {"energy_unknown": 1, "power_unknown": 1, "cost_nothing": 1}
    with_volume = version("500", "200", extra=by_volume)
    assert compared(old, with_volume, used).left_out_for == {
        "energy_unknown": 1,
        "power_unknown": 1,
        "efficiency_unknown": 2,
    }


def test_a_list_that_no_contract_is_on_has_costs_of_nobody() -> None:
    months = np.empty((0, MONTHS), np.int64)
    nobody = Usage(months, months, months, months, months, np.empty(0, np.int64))
    assert costs(version("500", "200"), 2021, nobody).ore.tolist() == []


@given(
    st.lists(st.lists(st.integers(0, 10**6), min_size=12, max_size=12), min_size=1, max_size=6),
    st.decimals(100, 900, places=2),
    st.decimals(100, 900, places=2),
)
def test_what_is_beyond_the_general_sums_to_nothing(kwh: list[list[int]], winter: Decimal, summer: Decimal) -> None:
    found = compared(version("500", "200"), version(str(winter), str(summer)), usage(*kwh))
    shown = {one.place: one.beyond_ore for one in (*found.gain_most, *found.lose_most)}
    assert abs(sum(shown.values())) <= len(kwh) + found.before_ore * 1e-9


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "year"),
    [("2021-01-01", "2022-01-01", 2021), ("2021-01-02", "2023-01-01", 2022), ("2021-01-02", "2022-12-31", None)],
)
def test_a_version_is_reckoned_in_the_first_year_that_it_holds_whole(
    valid_from: str, valid_to: str, year: int | None
) -> None:
    assert reference_year(version("1", "1", valid_from=valid_from, valid_to=valid_to)) == year


def test_prices_that_change_within_a_month_have_no_months_cost() -> None:
    changes = version("500", "200")
    period = changes.tariffs[0].energy_price.components[0].valid_period
    middle = period.model_copy(update={"to_excluding": date(2021, 3, 15)})
    component = changes.tariffs[0].energy_price.components[0].model_copy(update={"valid_period": middle})
    energy = changes.tariffs[0].energy_price
    others = energy.components[1:]
    tariff = changes.tariffs[0].model_copy(
        update={"energy_price": energy.model_copy(update={"components": (component, *others)})}
    )
    with pytest.raises(ValueError, match="one side of each change"):
        costs(changes.model_copy(update={"tariffs": (tariff,)}), 2021, usage(LEVEL))


def test_arrays_stay_whole_numbers() -> None:
    ore: Int64 = costs(version("500.5", "200.25"), 2021, usage(LEVEL)).ore
    assert ore.dtype == np.int64
