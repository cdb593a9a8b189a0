"""What is odd about an hour: each rule finds its own, and leaves an ordinary day alone."""

import numpy as np
import pytest

from services.heat.arrays import UNKNOWN
from services.heat.hour_marks import ESTIMATED, MEASURED
from services.ingest.core.vee.false_peak import is_false_peak
from services.ingest.core.vee.laid_out import laid_out, whole_days
from services.ingest.core.vee.physics import counters_disagree, is_against_physics
from services.ingest.core.vee.rules import RULES, Flags, Rule, bits_of, flag_changes, flags_of, rules_of
from services.ingest.core.vee.sensors import is_dead_sensor
from services.ingest.core.vee.spike import is_spike
from tests.unit.ingest.vee.days import HOUR_S, LONG_DAY_S, MIDNIGHT_S, STOCKHOLM, a_day, flagged, hour_rows

ORDINARY = [9_000, 9_200, 9_100, 9_400, 9_900, 11_000, 14_000, 13_000, 11_000, 10_000, 9_000, 8_800] * 2


def with_hour(hour: int, energy_wh: int) -> list[int]:
    return [*ORDINARY[:hour], energy_wh, *ORDINARY[hour + 1 :]]


@pytest.mark.parametrize(("peak_wh", "found"), [(39_200, []), (39_201, [5])])
def test_a_peak_more_than_180_per_cent_above_the_third_one_is_a_spike(peak_wh: int, found: list[int]) -> None:
    # The two hours of 14 kWh are second and third: 2.8 times of that is 39.2.
    assert flagged(is_spike(a_day(with_hour(5, peak_wh)))) == found


def test_steps_of_the_register_are_no_spike() -> None:
    assert flagged(is_spike(a_day([0] * 10 + [3_000] + [0] * 13, resolution_wh=1_000))) == []
    assert flagged(is_spike(a_day([0] * 10 + [4_000] + [0] * 13, resolution_wh=1_000))) == [10]


def test_an_hour_that_is_not_measured_is_no_spike_and_no_third_peak() -> None:
    quality = [MEASURED] * 24
    quality[5] = ESTIMATED
    assert flagged(is_spike(a_day(with_hour(5, 90_000), {"end_quality": quality}))) == []
    few = a_day(ORDINARY, {"end_quality": [MEASURED] * 2 + [ESTIMATED] * 22})
    assert flagged(is_spike(few)) == []


def test_an_hour_without_use_before_one_of_two_hours_use_is_a_false_peak() -> None:
    day = [*ORDINARY[:12], 0, 9_000 + 9_200, *ORDINARY[14:]]
    assert flagged(is_false_peak(a_day(day))) == [12, 13]


@pytest.mark.parametrize("doubled_wh", [14_000, 25_000])
def test_an_hour_without_use_before_another_use_than_two_hours_is_no_false_peak(doubled_wh: int) -> None:
    assert flagged(is_false_peak(a_day([*ORDINARY[:12], 0, doubled_wh, *ORDINARY[14:]]))) == []


def test_a_house_that_stands_still_now_and_then_has_no_false_peaks() -> None:
    assert flagged(is_false_peak(a_day([4_000, 0, 8_000, 4_000] * 6))) == []
    # Three steps of the register around make nothing sure.
    assert flagged(is_false_peak(a_day([2_000] * 12 + [0, 4_000] + [2_000] * 10, resolution_wh=1_000))) == []


def test_energy_that_the_integrals_do_not_account_for_is_flagged() -> None:
    # 250 l and 40 degrees are 11.5 kWh; each of the two integrals may be a step of 1,000 off.
    forward, back = [20_000] * 24, [10_000] * 24
    day = [11_500] * 24
    day[3], day[4], day[5], day[6] = 16_800, 16_802, 7_199, 7_198
    assert flagged(counters_disagree(a_day(day, {"forward_lc": forward, "return_lc": back}))) == [4, 6]


def test_a_register_s_step_excuses_what_it_can_explain() -> None:
    day = [11_500] * 24
    day[4] = 17_800
    columns = {"forward_lc": [20_000] * 24, "return_lc": [10_000] * 24}
    assert flagged(counters_disagree(a_day(day, columns, resolution_wh=1_000))) == []


def test_cooling_takes_up_what_heating_gives_off() -> None:
    columns = {"forward_lc": [10_000] * 24, "return_lc": [20_000] * 24}
    assert flagged(counters_disagree(a_day([11_500] * 24, columns, is_cooling=True))) == []
    assert len(flagged(counters_disagree(a_day([11_500] * 24, columns)))) == 24


def test_without_integrals_samples_must_miss_by_far_to_be_flagged() -> None:
    # 1,000 l cooled by 40 degrees: 36 to 56 kWh; the samples' margin makes that 28.4 to 67.8.
    columns = {"volume_l": [1_000] * 24, "supply_centi_c": [8_000] * 24, "return_centi_c": [4_000] * 24}
    day = [46_000] * 24
    day[2], day[3], day[4] = 67_000, 68_000, 28_000
    assert flagged(is_against_physics(a_day(day, columns))) == [3, 4]
    assert flagged(counters_disagree(a_day(day, columns))) == []


def test_an_hour_whose_volume_is_not_known_is_not_asked() -> None:
    columns = {"volume_l": [UNKNOWN] * 24, "supply_centi_c": [8_000] * 24, "return_centi_c": [4_000] * 24}
    assert flagged(is_against_physics(a_day([10**9] * 24, columns))) == []


@pytest.mark.parametrize(("shown", "is_dead"), [(4_037, True), (4_000, False)])
def test_one_return_temperature_all_day_is_a_dead_sensor_unless_it_is_shown_in_whole_degrees(
    shown: int, is_dead: bool
) -> None:
    assert bool(flagged(is_dead_sensor(a_day(ORDINARY, {"return_centi_c": [shown] * 24})))) == is_dead


def test_a_return_warmer_than_the_supply_is_a_dead_sensor_where_heat_is_used() -> None:
    day, back = with_hour(3, 900), [3_000 + 10 * hour for hour in range(24)]
    back[3] = back[4] = 8_150
    assert flagged(is_dead_sensor(a_day(day, {"supply_centi_c": [8_000] * 24, "return_centi_c": back}))) == [4]


def test_the_autumn_s_long_day_is_looked_at_whole_and_a_day_with_a_hole_is_not() -> None:
    long_day = [*with_hour(5, 90_000), 9_000]
    assert flags_of(a_day(long_day, begin_s=LONG_DAY_S)).starts_s.tolist() == [LONG_DAY_S + 5 * HOUR_S]
    hours = hour_rows(with_hour(5, 90_000)).take(np.arange(24) != 20)
    days = whole_days(hours, STOCKHOLM)
    assert (
        flags_of(laid_out(hours, days, *(np.zeros(0, kind) for kind in (bool, np.int64, np.int64)))).rule.tolist() == []
    )


def test_an_ordinary_day_is_not_flagged() -> None:
    columns = {"volume_l": [wh // 46 for wh in ORDINARY], "forward_lc": [wh // 46 * 80 for wh in ORDINARY]}
    columns |= {"return_lc": [wh // 46 * 40 for wh in ORDINARY], "supply_centi_c": [8_000] * 24}
    columns |= {"return_centi_c": [4_000 + hour for hour in range(24)]}
    assert flags_of(a_day(ORDINARY, columns)).rule.tolist() == []


def test_a_rule_that_is_off_for_a_meter_flags_nothing_and_the_others_go_on() -> None:
    day, columns = with_hour(5, 90_000), {"return_centi_c": [4_037] * 24}
    assert set(flags_of(a_day(day, columns)).rule.tolist()) == {Rule.SPIKE, Rule.DEAD_SENSOR}
    off = bits_of(["spike"])
    assert set(flags_of(a_day(day, columns, rules_off=off)).rule.tolist()) == {Rule.DEAD_SENSOR}
    assert rules_of(bits_of(["dead_sensor", "spike"])) == ("spike", "dead_sensor")


def test_every_rule_has_its_function() -> None:
    assert set(RULES) == set(Rule)


def test_what_no_rule_gives_any_more_is_gone_and_what_stays_is_not_written_again() -> None:
    found = Flags(np.array([7, 7]), np.array([MIDNIGHT_S, MIDNIGHT_S + HOUR_S]), np.array([1, 1]))
    stored = Flags(np.array([7, 7]), np.array([MIDNIGHT_S, MIDNIGHT_S]), np.array([1, 5]))
    changes = flag_changes(found, stored)
    assert [column.tolist() for column in changes.new] == [[7], [MIDNIGHT_S + HOUR_S], [1]]
    assert [column.tolist() for column in changes.gone] == [[7], [MIDNIGHT_S], [5]]
    nothing = flag_changes(found, found)
    assert (len(nothing.new.rule), len(nothing.gone.rule)) == (0, 0)
