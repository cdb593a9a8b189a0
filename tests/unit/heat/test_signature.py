"""The power signature against a plain search, by hand, and on a real meter's year."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.heat.arrays import Float64
from services.heat.signature import (
    COOLING_BALANCES_C,
    HEATING_BALANCES_C,
    Limits,
    Refused,
    cooling_signatures,
    expected_kw,
    heating_signatures,
)

ANY = Limits(days=0, span_c=0, r2=0)
YEAR_C = 8 + 10 * np.sin(np.arange(365) / 58) + np.cos(np.arange(365))


def plainly(outdoor_c: Float64, power_kw: Float64, balances_c: Float64, sign: int) -> tuple[float, float]:
    """Search by numpy's own least squares; gives the smallest sum of squares and the power's own."""
    known = ~np.isnan(power_kw)
    x, y = outdoor_c[known], power_kw[known]
    total = float(((y - y.mean()) ** 2).sum())
    smallest = total
    for balance in balances_c:
        hinge = np.maximum(0, sign * (x - balance))
        line, *_ = np.linalg.lstsq(np.stack([np.ones_like(hinge), hinge], axis=1), y, rcond=None)
        if line[1] > 0:
            smallest = min(smallest, float(((y - line[0] - line[1] * hinge) ** 2).sum()))
    return smallest, total


@st.composite
def years(draw: st.DrawFn) -> tuple[Float64, Float64]:
    """Daily temperatures, and the powers of some facilities that follow them more or less, with days missing."""
    noise = np.random.default_rng(draw(st.integers(0, 2**32)))
    days, facilities = draw(st.integers(3, 60)), draw(st.integers(1, 4))
    outdoor_c = np.round(noise.uniform(-15, 28, days), draw(st.integers(0, 2)))
    slope = noise.uniform(-1, 3, (facilities, 1))
    power_kw = noise.uniform(0, 4, (facilities, 1)) + slope * np.maximum(0, noise.uniform(5, 23) - outdoor_c)
    power_kw = power_kw + noise.normal(0, draw(st.sampled_from([0.01, 1, 20])), power_kw.shape)
    power_kw[noise.random(power_kw.shape) < draw(st.sampled_from([0, 0.3]))] = np.nan
    power_kw[:, :2] = noise.uniform(0, 5, (facilities, 2))
    return outdoor_c, power_kw


@given(year=years(), is_cooling=st.booleans())
def test_no_balance_temperature_explains_more_than_the_one_chosen(
    year: tuple[Float64, Float64], is_cooling: bool
) -> None:
    outdoor_c, power_kw = year
    fit, balances_c, sign = (
        (cooling_signatures, COOLING_BALANCES_C, 1) if is_cooling else (heating_signatures, HEATING_BALANCES_C, -1)
    )
    found = fit(outdoor_c, power_kw, ANY)
    fitted_kw = expected_kw(found, outdoor_c, is_cooling)
    for row in range(len(power_kw)):
        smallest, total = plainly(outdoor_c, power_kw[row], balances_c, sign)
        left = float(np.nansum((power_kw[row] - fitted_kw[row]) ** 2))
        assert left == pytest.approx(smallest, abs=1e-6 * total + 1e-9)
        assert found.r2[row] == pytest.approx(1 - smallest / total, abs=1e-6)
        assert found.days[row] == np.count_nonzero(~np.isnan(power_kw[row]))


def test_a_house_is_found_as_it_was_made() -> None:
    made_kw = 1.5 + 0.8 * np.maximum(0, 15.5 - YEAR_C)
    found = heating_signatures(YEAR_C, made_kw[None, :])
    assert (found.base_kw[0], found.slope_kw_per_c[0]) == pytest.approx((1.5, 0.8))
    assert (found.balance_c[0], found.days[0], found.refused[0]) == (15.5, 365, Refused.NOT)
    assert found.r2[0] == pytest.approx(1)


def test_cooling_rises_with_temperature_and_is_no_heating() -> None:
    made_kw = (2.0 + 3.0 * np.maximum(0, YEAR_C - 12))[None, :]
    found = cooling_signatures(YEAR_C, made_kw)
    assert (found.base_kw[0], found.slope_kw_per_c[0], found.balance_c[0]) == pytest.approx((2, 3, 12))
    assert heating_signatures(YEAR_C, made_kw).refused.tolist() == [Refused.NOT_BY_TEMPERATURE]


def test_a_facility_is_refused_for_what_it_lacks_and_no_figure_is_invented() -> None:
    house_kw = 1.5 + 0.8 * np.maximum(0, 15.5 - YEAR_C)
    few, narrow, mild = house_kw.copy(), house_kw.copy(), (YEAR_C > 4) & (YEAR_C < 13.9)
    few[119:] = np.nan
    narrow[~mild] = np.nan
    flat = np.random.default_rng(1).normal(5, 1, 365)
    found = heating_signatures(YEAR_C, np.stack([few, narrow, flat, np.full(365, 3.0), np.full(365, np.nan)]))
    assert np.count_nonzero(mild) >= 120
    assert found.refused.tolist() == [
        Refused.TOO_FEW_DAYS,
        Refused.TOO_NARROW_SPAN,
        Refused.NOT_BY_TEMPERATURE,
        Refused.NOT_BY_TEMPERATURE,
        Refused.TOO_FEW_DAYS,
    ]
    assert np.isnan(np.stack([found.base_kw, found.slope_kw_per_c, found.balance_c])).all()


def test_a_day_without_a_temperature_is_left_out() -> None:
    outdoor_c = np.where(np.arange(365) % 5 == 0, np.nan, YEAR_C)
    made_kw = 1.5 + 0.8 * np.maximum(0, 15.5 - YEAR_C)
    found = heating_signatures(outdoor_c, made_kw[None, :])
    assert (found.days[0], found.balance_c[0]) == (292, 15.5)


def test_many_facilities_are_fitted_as_each_alone() -> None:
    noise = np.random.default_rng(7)
    power_kw = noise.uniform(0, 3, (1_203, 1)) * np.maximum(0, 15 - YEAR_C) + noise.normal(3, 0.5, (1_203, 365))
    together = heating_signatures(YEAR_C, power_kw)
    for row in (0, 499, 500, 1_202):
        alone = heating_signatures(YEAR_C, power_kw[row : row + 1])
        for one, other in zip(alone, together, strict=True):
            np.testing.assert_allclose(one[0], other[row], rtol=1e-9)


def test_no_facility_gives_none() -> None:
    assert all(len(column) == 0 for column in heating_signatures(YEAR_C, np.zeros((0, 365))))
