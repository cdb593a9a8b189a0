import numpy as np

from services.heat.arrays import UNKNOWN
from services.ingest.core.identify import Names, Reference, identify
from services.ingest.core.installations import NO_METER, NOT_INSTALLED, terms
from services.ingest.core.running import LITRES, WH, accepted
from services.ingest.core.verdict import Verdict
from tests.oracle.verdicts import Place
from tests.unit.ingest.rows import POINT_ID, installations, reading_rows

OLD = Place(1, 1_000, 5_000, (None, None), (None, None), (10_000_000, 1_000), 10)
NEW = Place(2, 5_000, None, (None, None), (None, None), (0, 0), 1_000)


def segments(*read_at_s: int, meter_id: int = 0, point_id: int = POINT_ID) -> list[int]:
    count = len(read_at_s)
    points, meters = np.full(count, point_id), np.full(count, meter_id)
    return terms(installations([OLD, NEW]), points, meters, np.array(read_at_s), points).segment.tolist()


def test_a_meter_holds_from_its_installation_up_to_but_without_its_removal() -> None:
    assert segments(999, 1_000, 4_999, 5_000, 10**9) == [NOT_INSTALLED, 0, 0, 1, 1]


def test_a_reading_of_another_meter_than_the_installed_one_does_not_count() -> None:
    assert segments(999, 1_000, 4_999, 5_000, meter_id=1) == [NOT_INSTALLED, 0, 0, NOT_INSTALLED]


def test_a_point_that_no_meter_was_ever_registered_for_takes_readings_by_its_number() -> None:
    assert segments(1_000, 9_000, point_id=POINT_ID + 1) == [NO_METER, NO_METER]
    assert segments(1_000, point_id=POINT_ID - 1) == [NO_METER]


def test_a_point_without_any_meter_takes_no_reading_that_names_one() -> None:
    assert segments(1_000, meter_id=1, point_id=POINT_ID + 1) == [NOT_INSTALLED]


def test_each_reading_is_judged_by_its_own_meter_s_terms() -> None:
    points = np.full(2, POINT_ID)
    found = terms(installations([OLD, NEW]), points, points * 0, np.array([1_000, 5_000]), np.array([50_000, 50_000]))
    assert found.modulus_wh.tolist() == [10_000_000, 0]
    assert found.modulus_l.tolist() == [1_000, 0]
    assert found.tolerance_wh.tolist() == [10, 1_000]
    assert found.maximum_w.tolist() == [50_000, 50_000]


def run_on(old: Place, new: Place, *readings: tuple[int, int, int]) -> tuple[list[int], list[int]]:
    """The running Wh and litres of accepted readings: seconds, Wh, litres."""
    rows = reading_rows({"read_at_s": at_s, "energy_wh": wh, "volume_l": litres} for at_s, wh, litres in readings)
    places = installations([old, new])
    found = terms(places, rows.point_id, rows.meter_id, rows.read_at_s, rows.point_id)
    counted = accepted(rows, np.ones(len(readings), np.int64), found, places)
    return counted.running[:, WH].tolist(), counted.running[:, LITRES].tolist()


def test_registers_run_on_over_a_rollover() -> None:
    wh, litres = run_on(OLD, NEW, (1_000, 9_999_000, 990), (2_000, 500, 5), (3_000, 700, 9))
    assert wh == [9_999_000, 10_000_500, 10_000_700]
    assert litres == [990, 1_005, 1_009]


def test_an_exchange_without_noted_registers_uses_nothing_in_between() -> None:
    wh, litres = run_on(OLD, NEW, (4_000, 8_000, 80), (6_000, 50, 3), (7_000, 90, 4))
    assert wh == [8_000, 8_000, 8_040]
    assert litres == [80, 80, 81]


def test_an_exchange_with_noted_registers_counts_what_the_old_and_the_new_meter_saw() -> None:
    old, new = OLD._replace(stop=(8_500, 84)), NEW._replace(start=(20, 1))
    wh, litres = run_on(old, new, (4_000, 8_000, 80), (6_000, 50, 3))
    # 500 Wh and 4 l on the old meter, 30 Wh and 2 l on the new one.
    assert wh == [8_000, 8_530]
    assert litres == [80, 86]


def test_an_exchange_with_one_noted_register_counts_that_meter_s_part() -> None:
    assert run_on(OLD._replace(stop=(8_500, None)), NEW, (4_000, 8_000, 80), (6_000, 50, 3))[0] == [8_000, 8_500]
    assert run_on(OLD, NEW._replace(start=(20, None)), (4_000, 8_000, 80), (6_000, 50, 3))[0] == [8_000, 8_030]


def test_a_noted_register_that_would_count_backwards_counts_nothing() -> None:
    old, new = OLD._replace(stop=(7_000, None)), NEW._replace(start=(60, None))
    assert run_on(old, new, (4_000, 8_000, 80), (6_000, 50, 3))[0] == [8_000, 8_000]


def test_a_point_without_readings_of_a_kind_stays_unknown() -> None:
    _, litres = run_on(OLD, NEW, (4_000, 8_000, UNKNOWN), (6_000, 50, 3))
    assert litres == [UNKNOWN, 3]


def named(serial: str | None, number: str | None, read_at_s: int = 1_000) -> tuple[int, int, int]:
    reference = Reference(
        point_by_number={"735999": POINT_ID},
        meter_by_serial={"old": 1, "new": 2, "in store": 3},
        point_id=np.array([POINT_ID]),
        maximum_w=np.array([50_000]),
        station_id=[None],
        is_cooling=np.array([False]),
        installations=installations([OLD, NEW]),
        number_by_point={POINT_ID: "735999"},
    )

    def names(one: str | None) -> Names:
        return Names(np.array([-1 if one is None else 0]), [] if one is None else [one])

    found = identify(reference, names(serial), names(number), np.array([read_at_s]))
    return int(found.point_id[0]), int(found.meter_id[0]), int(found.refusal[0])


def test_a_reading_belongs_to_the_point_that_it_names() -> None:
    assert named(None, "735999") == (POINT_ID, 0, 0)
    assert named("old", "735999") == (POINT_ID, 1, 0)


def test_a_serial_s_reading_belongs_to_where_the_meter_sat_at_that_time() -> None:
    assert named("old", None, 4_999) == (POINT_ID, 1, 0)
    assert named("old", None, 5_001) == (0, 1, Verdict.METER_NOT_INSTALLED)
    assert named("new", None, 5_000) == (POINT_ID, 2, 0)


def test_a_serial_s_reading_at_its_meter_s_removal_still_belongs_to_where_it_sat() -> None:
    assert named("old", None, 5_000) == (POINT_ID, 1, 0)


def test_a_reading_that_belongs_nowhere_says_why() -> None:
    assert named(None, None) == (0, 0, Verdict.NO_METER_NAMED)
    assert named("nobody's", None) == (0, 0, Verdict.UNKNOWN_METER)
    assert named(None, "736000") == (0, 0, Verdict.UNKNOWN_METERING_POINT)
    assert named("old", "736000") == (0, 1, Verdict.UNKNOWN_METERING_POINT)
    assert named("in store", None) == (0, 3, Verdict.METER_NOT_INSTALLED)


def test_a_serial_that_nobody_knows_is_not_passed_over_for_the_number_beside_it() -> None:
    # Once its meter is registered the reading may turn out to be of another point.
    assert named("nobody's", "735999") == (POINT_ID, 0, Verdict.UNKNOWN_METER)
