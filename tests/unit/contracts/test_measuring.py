"""Many contracts measured at once, each by its own activity, weather and method."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from schemas.price_list_terms import PowerMethod
from schemas.values import Activity, PointId
from services.contracts.core.measuring import Asked, DayRows, Measured, Weather, measure
from services.contracts.core.methods import newest_period, period_of
from services.contracts.core.proposals import octets_of, points_of
from services.contracts.core.refusals import Refusal, RefusedError
from services.heat.arrays import UNKNOWN, Float64, Int64
from services.heat.power_methods.measurement import Period, Points, Reason
from services.heat.weekdays import weekdays

METHOD = PowerMethod.MINUS_FIVE
_, WINTER = newest_period(METHOD, date(2019, 4, 15))
DAY = np.arange(WINTER.first, WINTER.end)
MEAN_C: Float64 = -1.0 - DAY.astype(np.float64) % 9
WEATHER = Weather(MEAN_C, np.full(WINTER.days, 2))


def asked(point_id: int, activity: Activity = Activity.SEVEN_DAY, station: str | None = "S") -> Asked:
    return Asked(PointId(point_id), station, activity, METHOD)


def at_minus_five(wh: int) -> Int64:
    return (wh - 200 * (MEAN_C + 5)).astype(np.int64)


def measured(points: Sequence[Asked], power: dict[int, Int64]) -> dict[PointId, Measured]:
    rows = DayRows(
        np.repeat(list(power), WINTER.days),
        np.tile(DAY, len(power)),
        np.concatenate(list(power.values())),
        np.full(len(power) * WINTER.days, 3),
    )
    shuffled = np.random.default_rng(1).permutation(len(rows.day))
    rows = DayRows(*(column[shuffled] for column in (rows.point_id, rows.day, rows.power, rows.revision)))
    return measure(points, WINTER, rows, {"S": WEATHER})


def test_each_metering_point_is_measured_by_its_own_days_in_whatever_order_they_come() -> None:
    power = {point: at_minus_five(1000 * point) for point in (4, 17, 30)}
    found = measured([asked(30), asked(4), asked(17)], power)
    kw = {point: one.measurement.measured_kw for point, one in found.items()}
    assert kw == {4: Decimal("4.00"), 17: Decimal("17.00"), 30: Decimal("30.00")}


def test_a_facility_in_use_on_weekdays_is_measured_by_these_beside_one_that_is_in_use_all_week() -> None:
    at_weekends = np.where(weekdays(DAY), at_minus_five(10_000), 90_000)
    found = measured([asked(1, Activity.WEEKDAY), asked(2)], {1: at_weekends, 2: at_weekends})
    assert found[PointId(1)].measurement.measured_kw == Decimal("10.00")
    assert found[PointId(2)].measurement.measured_kw != Decimal("10.00")


def test_a_metering_point_without_a_station_or_without_days_says_so_beside_one_that_has_both() -> None:
    points = [asked(1, station=None), asked(2), asked(3), asked(4, station="T")]
    found = measured(points, {1: at_minus_five(9000), 2: at_minus_five(9000)})
    reasons = {point: one.measurement.reason for point, one in found.items()}
    assert reasons == {
        1: Reason.NO_TEMPERATURE,
        2: None,
        3: Reason.TOO_FEW_MEASURED_DAYS,
        4: Reason.NO_TEMPERATURE,
    }


def test_the_revisions_are_those_of_the_measuring_periods_days_and_of_all_temperatures_that_were_looked_at() -> None:
    mild = np.where(np.arange(WINTER.days) < 100, MEAN_C, np.nan)
    found = measure(
        [asked(1)],
        WINTER,
        DayRows(np.full(WINTER.days, 1), DAY, at_minus_five(9000), np.arange(WINTER.days)),
        {"S": Weather(mild, np.full(WINTER.days, 1000))},
    )[PointId(1)]
    assert found.measurement.period == Period(WINTER.first, WINTER.first + 100)
    # 1 November to 31 March.
    assert found.revision_sum == sum(range(100)) + 151 * 1000
    assert found.newest_revision == 1000


def test_an_unmeasured_day_has_its_revision_all_the_same() -> None:
    """Else a day that is measured only later would not be told of as corrected."""
    unmeasured = at_minus_five(9000)
    unmeasured[5] = UNKNOWN
    whole = measured([asked(1)], {1: at_minus_five(9000)})[PointId(1)]
    assert measured([asked(1)], {1: unmeasured})[PointId(1)].revision_sum == whole.revision_sum


def test_the_days_of_a_proposal_are_kept_as_they_are_and_a_missing_temperature_stays_missing() -> None:
    kept = points_of(octets_of(Points(np.array([17_836, 17_837]), np.array([-1.25, np.nan]), np.array([8.001, 9.5]))))
    assert [(one.day, one.mean_c, one.kw) for one in kept] == [
        (date(2018, 11, 1), -1.25, 8.001),
        (date(2018, 11, 2), None, 9.5),
    ]
    assert list(points_of(octets_of(None))) == []


@pytest.mark.parametrize(
    ("method", "today", "first", "last"),
    [
        (PowerMethod.MINUS_FIVE, date(2019, 4, 1), date(2018, 11, 1), date(2019, 3, 31)),
        (PowerMethod.MINUS_FIVE, date(2026, 4, 1), date(2018, 11, 1), date(2019, 3, 31)),
        (PowerMethod.STOCKHOLM_EXERGI, date(2026, 4, 1), date(2018, 5, 1), date(2019, 4, 30)),
        (PowerMethod.GOTEBORG, date(2019, 4, 15), date(2018, 4, 1), date(2019, 3, 31)),
        (PowerMethod.GOTEBORG, date(2026, 4, 15), date(2019, 1, 1), date(2019, 12, 31)),
    ],
)
def test_a_winters_days_are_those_that_its_method_takes(
    method: PowerMethod, today: date, first: date, last: date
) -> None:
    period = period_of(method, "2018/2019", today)
    epoch = date(1970, 1, 1)
    assert (period.first, period.end - 1) == ((first - epoch).days, (last - epoch).days)


def test_a_method_whose_days_go_on_after_the_winter_is_refused_until_they_are_over() -> None:
    with pytest.raises(RefusedError, match="last until 2019-04-30; ask again after that day") as refused:
        period_of(PowerMethod.STOCKHOLM_EXERGI, "2018/2019", date(2019, 4, 30))
    assert refused.value.refusal is Refusal.WINTER_NOT_OVER
    period_of(PowerMethod.STOCKHOLM_EXERGI, "2018/2019", date(2019, 5, 1))
