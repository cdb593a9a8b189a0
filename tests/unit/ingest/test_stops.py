"""What a meter showed as it was removed, told from other readings and weighed against them."""

from typing import Any

import numpy as np

from services.heat.arrays import UNKNOWN
from services.ingest.core.stops import judged_stops, stops_among, with_stops
from services.ingest.core.verdict import Verdict
from tests.oracle.verdicts import Place
from tests.unit.ingest.rows import POINT_ID, installations, reading_rows, terms_of

REMOVED_S = 36_000
OLD = Place(1, 0, REMOVED_S, (None, None), (None, None), (0, 0), 10)
NEW = Place(2, REMOVED_S, None, (None, None), (None, None), (0, 0), 10)
LAST = {"read_at_s": REMOVED_S - 3_600, "energy_wh": 5_000, "volume_l": 90}
STOP = {"read_at_s": REMOVED_S, "energy_wh": 5_800, "meter_id": 1}


def found(places: list[Place], *rows: dict[str, Any]) -> list[tuple[int, int]]:
    """Give the energy and the meter of each reading that says what a meter ended at."""
    readings, known = reading_rows(rows), installations(places)
    stops = stops_among(readings, terms_of(known, readings), known)
    return list(zip(stops.rows.energy_wh.tolist(), known.meter_id[stops.terms.segment].tolist(), strict=True))


def ended(old: Place, *rows: dict[str, Any]) -> tuple[list[int], tuple[int, int]]:
    """Judge readings at a removal behind one that counts; gives their verdicts, and what the meter ended at."""
    readings, known = reading_rows([LAST, *rows]), installations([old, NEW])
    terms = terms_of(known, readings)
    stops = stops_among(readings, terms, known)
    verdict = np.where(readings.read_at_s < REMOVED_S, int(Verdict.ACCEPTED), 0)
    of_stops = judged_stops(stops, readings, terms, verdict, known)
    noted = with_stops(known, stops, of_stops)
    return of_stops.tolist(), (int(noted.stop_wh[0]), int(noted.stop_l[0]))


def test_only_what_names_the_old_meter_at_its_removal_says_what_it_ended_at() -> None:
    assert found([OLD, NEW], STOP, STOP | {"meter_id": 0, "energy_wh": 3}, STOP | {"meter_id": 2}) == [(5_800, 1)]
    assert found([OLD, NEW], STOP | {"read_at_s": REMOVED_S + 1}, STOP | {"read_at_s": REMOVED_S - 1}) == []


def test_where_nothing_sits_from_then_on_the_metering_point_s_reading_is_of_the_meter_that_was_removed() -> None:
    assert found([OLD, NEW._replace(installed_s=REMOVED_S + 60)], STOP | {"meter_id": 0}) == [(5_800, 1)]


def test_a_meter_that_sits_elsewhere_from_the_same_instant_on_is_read_there() -> None:
    readings, here = reading_rows([STOP]), installations([OLD])
    elsewhere = installations([OLD._replace(installed_s=REMOVED_S, removed_s=None)], POINT_ID + 1)
    both = type(here)._make(np.concatenate(pair) for pair in zip(here, elsewhere, strict=True))
    assert len(stops_among(readings, terms_of(here, readings), here).at) == 1
    assert len(stops_among(readings, terms_of(both, readings), both).at) == 0


def test_a_meter_that_never_sat_there_ended_at_nothing() -> None:
    assert found([OLD], STOP | {"meter_id": 3}) == []
    assert found([], STOP) == []


def test_an_estimate_says_nothing_of_what_a_meter_ended_at() -> None:
    assert found([OLD, NEW], STOP | {"rank": -1}) == []


def test_a_register_that_goes_on_from_the_last_reading_is_what_the_meter_ended_at() -> None:
    assert ended(OLD, STOP) == ([Verdict.STOP_REGISTER], (5_800, UNKNOWN))
    assert ended(OLD, STOP | {"volume_l": 97}) == ([Verdict.STOP_REGISTER], (5_800, 97))


def test_a_register_that_fell_or_rose_faster_than_the_point_s_maximum_is_implausible() -> None:
    # 50 kW for an hour, and a step of the register.
    assert ended(OLD, STOP | {"energy_wh": 55_010})[0] == [Verdict.STOP_REGISTER]
    for energy_wh in (4_999, 55_011):
        assert ended(OLD, STOP | {"energy_wh": energy_wh}) == ([Verdict.IMPLAUSIBLE_STOP], (UNKNOWN, UNKNOWN))
    assert ended(OLD, STOP | {"volume_l": 89})[0] == [Verdict.IMPLAUSIBLE_STOP]


def test_of_a_meter_that_was_never_read_the_start_register_says_what_is_plausible() -> None:
    unread = OLD._replace(installed_s=REMOVED_S - 1_800, start=(500, None))
    # 50 kW for half an hour, and a step of the register.
    assert ended(unread, STOP | {"energy_wh": 25_510})[0] == [Verdict.STOP_REGISTER]
    for energy_wh in (25_511, 499):
        assert ended(unread, STOP | {"energy_wh": energy_wh})[0] == [Verdict.IMPLAUSIBLE_STOP]
    assert ended(unread._replace(start=(None, None)), STOP | {"energy_wh": 25_511})[0] == [Verdict.STOP_REGISTER]


def test_a_register_may_roll_over_on_the_way_to_its_end() -> None:
    assert ended(OLD._replace(modulus=(5_500, 0)), STOP | {"energy_wh": 300})[0] == [Verdict.STOP_REGISTER]


def test_what_no_meter_shows_is_refused_by_itself() -> None:
    assert ended(OLD, STOP | {"energy_wh": 4_294_967_295})[0] == [Verdict.SENTINEL]
    assert ended(OLD._replace(modulus=(5_800, 0)), STOP)[0] == [Verdict.REGISTER_ABOVE_MODULUS]


def test_a_noted_stop_register_claims_more_than_any_reading() -> None:
    noted = OLD._replace(stop=(5_600, None))
    assert ended(noted, STOP | {"volume_l": 97}) == ([Verdict.SUPERSEDED], (5_600, UNKNOWN))
    assert ended(noted, STOP | {"energy_wh": 1}) == ([Verdict.SUPERSEDED], (5_600, UNKNOWN))


def test_a_noted_volume_stays_where_the_energy_is_read() -> None:
    assert ended(OLD._replace(stop=(None, 95)), STOP | {"volume_l": 97})[1] == (5_800, 95)


def test_of_several_versions_the_one_recorded_last_counts_and_an_implausible_one_gives_way() -> None:
    later = STOP | {"energy_wh": 5_900, "recorded_us": REMOVED_S * 1_000_000 + 1}
    assert ended(OLD, STOP, later) == ([Verdict.SUPERSEDED, Verdict.STOP_REGISTER], (5_900, UNKNOWN))
    wrong = later | {"energy_wh": 4_000}
    assert ended(OLD, STOP, wrong) == ([Verdict.STOP_REGISTER, Verdict.IMPLAUSIBLE_STOP], (5_800, UNKNOWN))


def test_a_reading_that_is_taken_back_ends_nothing() -> None:
    by_its_source = STOP | {"withdrawn": 1, "recorded_us": REMOVED_S * 1_000_000 + 1}
    assert ended(OLD, STOP, by_its_source) == ([Verdict.SUPERSEDED, Verdict.WITHDRAWN], (UNKNOWN, UNKNOWN))
    by_operator = STOP | {"meter_id": 0, "rank": 101, "withdrawn": 1}
    assert ended(OLD, STOP, by_operator) == ([Verdict.SUPERSEDED], (UNKNOWN, UNKNOWN))
    given_back = by_operator | {"rank": 102, "recorded_us": REMOVED_S * 1_000_000 + 1}
    assert ended(OLD, STOP, by_operator, given_back) == ([Verdict.STOP_REGISTER], (5_800, UNKNOWN))
