"""Every flaw occurs as often as asked for, and the truth about it is complete: taking it back leaves a clean town."""

import json
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.cli.simulator import truth
from services.cli.simulator.calendar import iso
from services.cli.simulator.flaws import NO_FLAWS, RATES, USUAL_FLAWS, Flaw, Per, rates
from services.cli.simulator.town import Town, town
from tests.unit.simulator.towns import delivered, key, said, spring

BEFALLING_METERS = (Flaw.RESOLUTION, Flaw.ROLLOVER, Flaw.EXCHANGE)
OF_HOURLY_METERS = (Flaw.GAP, Flaw.OUTAGE, Flaw.COUNTERS_DISAGREE, Flaw.DEAD_SENSOR, Flaw.WRONG_CLOCK)
"""Where a meter is read at midnight only, these pass between two readings, or nearly always do."""
BEFALLING_READINGS = tuple(flaw for flaw in Flaw if flaw not in BEFALLING_METERS)
OFTEN = {
    Flaw.RESOLUTION: 0.6, Flaw.ROLLOVER: 0.5, Flaw.EXCHANGE: 3.0, Flaw.CLOCK_CHANGE: 0.6, Flaw.GAP: 12.0,
    Flaw.OUTAGE: 12.0, Flaw.DUPLICATE: 0.01, Flaw.OUT_OF_ORDER: 0.01, Flaw.LATE: 0.01, Flaw.SENTINEL: 0.005,
    Flaw.SPIKE: 0.005, Flaw.CORRECTION: 0.005, Flaw.WITHDRAWAL: 0.005, Flaw.FALLEN_REGISTER: 0.005,
    Flaw.FALSE_PEAK: 0.005, Flaw.COUNTERS_DISAGREE: 6.0, Flaw.DEAD_SENSOR: 2.0, Flaw.WRONG_CLOCK: 2.0,
}  # fmt: skip
DAYS = 61


def flaws(one: Town) -> list[dict[str, Any]]:
    """Give the truth as its file holds it."""
    return [json.loads(json.dumps(line)) for line in truth.flaws(one)]


def rising(one: Town) -> float:
    """Give the share of readings of which the energy is another than an hour before."""
    rows = one.delivered.rows
    order = np.lexsort((rows.read_at_s, rows.point))
    return float(np.mean(np.diff(rows.registers[order, 0]) != 0))


def undone(one: Town) -> Counter[tuple[Any, ...]]:
    """Take out what the truth says was said, and put in what was true."""
    result = Counter(said(one))
    for line in flaws(one):
        result.subtract(key(reading) for reading in line["said"])
        result.update(key(reading) for reading in line["true"])
    return +result


@pytest.mark.parametrize("flaw", Flaw)
def test_a_flaw_occurs_at_its_rate(flaw: Flaw) -> None:
    one = spring((flaw, OFTEN[flaw]))
    found = [line for line in flaws(one) if line["kind"] == flaw]
    per, _ = RATES[flaw]
    chances = {
        Per.METER: len(one.points),
        Per.YEAR: len(one.points) * DAYS / 365.25,
        Per.READING: spring().readings,
    }[per]
    expected = chances * OFTEN[flaw]
    if flaw in OF_HOURLY_METERS:
        expected *= sum(point.minute >= 0 for point in one.points) / len(one.points)
    if flaw is Flaw.DEAD_SENSOR:
        # Meters with integrals send no samples.
        expected *= sum(not point.has_integrals for point in one.points) / len(one.points)
    if flaw is Flaw.FALSE_PEAK:
        # A register that did not rise shows the same as an hour before.
        expected *= rising(spring())
    assert abs(len(found) - expected) < 4 * np.sqrt(expected)
    assert {line["kind"] for line in flaws(one)} == {flaw}


@pytest.mark.parametrize("flaw", BEFALLING_READINGS)
def test_undoing_a_flaw_by_the_truth_leaves_the_clean_readings(flaw: Flaw) -> None:
    one = spring((flaw, OFTEN[flaw]))
    assert said(one) != said(spring()) or flaw in (Flaw.LATE, Flaw.OUT_OF_ORDER)
    assert undone(one) == said(spring())


def test_undoing_all_flaws_of_readings_together_leaves_the_clean_readings() -> None:
    one = spring(*((flaw, OFTEN[flaw]) for flaw in BEFALLING_READINGS))
    assert {line["kind"] for line in flaws(one)} == set(BEFALLING_READINGS)
    assert undone(one) == said(spring())


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), first_day=st.sampled_from([date(2023, 3, 20), date(2023, 10, 22)]))
def test_the_truth_of_any_town_around_a_clock_change_can_be_undone(seed: int, first_day: date) -> None:
    rates = {flaw: rate * (flaw in BEFALLING_READINGS) for flaw, rate in OFTEN.items()}
    flawed, clean = (town(seed, 3, first_day, first_day + timedelta(days=10), one) for one in (rates, NO_FLAWS))
    assert undone(flawed) == said(clean)


def test_whole_kwh_cut_off_what_a_register_has_beyond() -> None:
    one = spring((Flaw.RESOLUTION, OFTEN[Flaw.RESOLUTION]))
    cut = {line["serial"]: line["said"]["resolution_wh"] for line in flaws(one)}
    assert set(cut.values()) == {1_000}
    expected: Counter[tuple[Any, ...]] = Counter()
    for reading, count in said(spring()).items():
        serial, energy_wh = reading[0], reading[4]
        expected[(*reading[:4], energy_wh - energy_wh % cut.get(serial, 1), *reading[5:])] += count
    assert said(one) == expected


def test_a_register_that_rolled_over_runs_on_once_its_modulus_is_added() -> None:
    one = spring((Flaw.ROLLOVER, OFTEN[Flaw.ROLLOVER]))
    lines = flaws(one)
    totals = {total["metering_point"]: total for total in truth.totals(one)}
    assert lines
    for line in lines:
        modulus_wh = line["said"]["modulus_wh"]
        assert str(modulus_wh) == "1" + "0" * (len(str(modulus_wh)) - 1)
        assert line["true"]["energy_wh"] == line["said"]["energy_wh"] + modulus_wh
        readings = sorted((reading[2], reading[4]) for reading in said(one) if reading[0] == line["serial"])
        fell = [place for place in range(1, len(readings)) if readings[place][1] < readings[place - 1][1]]
        assert len(fell) == 1
        at, last = fell[0], readings[-1]
        # A meter read past the hour, or once a day, shows it only at its next reading.
        assert readings[at - 1][0] <= line["to"]
        assert readings[at][0] > line["from"]
        total = totals[line["metering_point"]]
        end_wh = total["start_wh"] + total["energy_wh"]
        hour_wh = total["highest_hour_wh"]
        assert end_wh - hour_wh <= last[1] + modulus_wh <= end_wh + hour_wh


def test_a_new_meter_runs_on_from_where_the_old_one_was_taken_down() -> None:
    one = spring((Flaw.EXCHANGE, OFTEN[Flaw.EXCHANGE]))
    lines = {line["serial"]: line for line in flaws(one)}
    assert lines
    restored: Counter[tuple[Any, ...]] = Counter()
    for reading, count in said_by_meter(one).items():
        serial, number, read_at, recorded_at, energy_wh, volume_l, forward_lc, return_lc, *rest = reading
        if serial in lines:
            line = lines[serial]
            assert read_at >= line["from"]
            installed, true = line["said"], line["true"]
            energy_wh += true["energy_wh"] - installed["start_wh"]
            volume_l += true["volume_l"] - installed["start_l"]
            if forward_lc is not None:
                forward_lc, return_lc = forward_lc + true["forward_lc"], return_lc + true["return_lc"]
            serial = installed["removed"]
        restored[(serial, number, read_at, recorded_at, energy_wh, volume_l, forward_lc, return_lc, *rest)] += count
    assert restored == said(spring())


def said_by_meter(one: Town) -> Counter[tuple[Any, ...]]:
    """Count what was delivered, with the meter that sat there where only its metering point was named."""
    exchanged = {line["metering_point"]: line for line in flaws(one)}
    result: Counter[tuple[Any, ...]] = Counter()
    for reading, count in said(one).items():
        line = exchanged.get(reading[1])
        if line is None:
            result[reading] += count
        else:
            side = "installed" if reading[2] >= line["from"] else "removed"
            result[(line["said"][side], *reading[1:])] += count
    return result


def test_a_late_reading_comes_hours_later_and_one_out_of_order_after_its_successor() -> None:
    for flaw, least_s in ((Flaw.LATE, 6 * 3600), (Flaw.OUT_OF_ORDER, 3600)):
        one = spring((flaw, OFTEN[flaw]))
        for line in flaws(one):
            (late,), (true,) = line["said"], line["true"]
            delay = np.datetime64(late["sent_at"][:-1]) - np.datetime64(true["sent_at"][:-1])
            assert delay >= np.timedelta64(least_s, "s")


def test_a_corrected_reading_says_that_it_was_recorded_later_and_comes_later() -> None:
    for line in flaws(spring((Flaw.CORRECTION, OFTEN[Flaw.CORRECTION]))):
        wrong, right = sorted(line["said"], key=lambda reading: reading["sent_at"])
        assert wrong["read_at"] == right["read_at"] < right["recorded_at"] == right["sent_at"]
        assert wrong["recorded_at"] is None
        assert wrong["energy_wh"] != right["energy_wh"] == line["true"][0]["energy_wh"]


def test_readings_around_a_clock_change_are_stamped_an_hour_off() -> None:
    lines = flaws(spring((Flaw.CLOCK_CHANGE, OFTEN[Flaw.CLOCK_CHANGE])))
    for line in lines:
        # On 26 March 2023 at 01:00 UTC the clock was set an hour forward.
        assert line["from"].startswith("2023-03-26T")
        for stamped, true in zip(line["said"], line["true"], strict=True):
            off = np.datetime64(stamped["read_at"][:-1]) - np.datetime64(true["read_at"][:-1])
            assert off == np.timedelta64(3600, "s")
            assert true["read_at"] >= "2023-03-26T01:00:00Z"


def test_sentinels_are_those_that_real_meters_send() -> None:
    lines = flaws(spring((Flaw.SENTINEL, OFTEN[Flaw.SENTINEL])))
    # Source: domain.md, Readings: 4294967.295 and 16777.215 kWh.
    assert {line["said"][0]["energy_wh"] for line in lines} == {4_294_967_295, 16_777_215}


def test_zeros_of_an_outage_stand_in_every_register() -> None:
    for line in flaws(spring((Flaw.OUTAGE, OFTEN[Flaw.OUTAGE]))):
        for reading in line["said"]:
            assert (reading["energy_wh"], reading["volume_l"]) == (0, 0)
            assert reading["forward_lc"] in (0, None)


def test_a_fallen_register_lies_below_the_reading_before() -> None:
    one = spring((Flaw.FALLEN_REGISTER, OFTEN[Flaw.FALLEN_REGISTER]))
    clean = sorted((reading[1], reading[2], reading[4]) for reading in said(spring()))
    before = {(number, read_at): clean[place - 1][2] for place, (number, read_at, _) in enumerate(clean)}
    for line in flaws(one):
        (fallen,), (true,) = line["said"], line["true"]
        assert 0 <= fallen["energy_wh"] < before[line["metering_point"], line["from"]] <= true["energy_wh"]


def test_a_false_peak_begins_with_what_the_meter_showed_an_hour_before() -> None:
    one = spring((Flaw.FALSE_PEAK, OFTEN[Flaw.FALSE_PEAK]))
    shown = {(reading[1], reading[2]): reading[4:8] for reading in said(spring())}
    for line in flaws(one):
        (stale,), (true,) = line["said"], line["true"]
        an_hour_before = iso(int(datetime.fromisoformat(line["from"]).timestamp()) - 3600)
        registers = tuple(stale[name] for name in ("energy_wh", "volume_l", "forward_lc", "return_lc"))
        assert registers == shown[line["metering_point"], an_hour_before]
        assert stale["energy_wh"] < true["energy_wh"]


def test_while_counters_disagree_energy_rises_and_what_it_is_held_against_stands_still() -> None:
    for line in flaws(spring((Flaw.COUNTERS_DISAGREE, OFTEN[Flaw.COUNTERS_DISAGREE]))):
        registers = ("volume_l",) if line["said"][0]["forward_lc"] is None else ("forward_lc", "return_lc")
        assert [said["energy_wh"] for said in line["said"]] == [true["energy_wh"] for true in line["true"]]
        for name in registers:
            assert {said[name] for said in line["said"]} == {line["true"][0][name]}


def test_a_dead_sensor_shows_one_temperature_and_the_other_lives() -> None:
    lines = flaws(spring((Flaw.DEAD_SENSOR, OFTEN[Flaw.DEAD_SENSOR])))
    for line in lines:
        different = [len({said[name] for said in line["said"]}) for name in ("supply_c", "return_c")]
        assert min(different) == 1 < max(different)


def test_a_wrong_clock_is_off_by_the_same_minutes_all_the_time() -> None:
    for line in flaws(spring((Flaw.WRONG_CLOCK, OFTEN[Flaw.WRONG_CLOCK]))):
        (off,) = {
            datetime.fromisoformat(stamped["read_at"]) - datetime.fromisoformat(true["read_at"])
            for stamped, true in zip(line["said"], line["true"], strict=True)
        }
        assert timedelta(minutes=5) <= abs(off) <= timedelta(minutes=50)


def test_the_counts_are_those_of_the_lines() -> None:
    one = spring(*OFTEN.items())
    assert Counter(line["kind"] for line in flaws(one)) == truth.counts(one)


def test_flaws_do_not_change_what_is_truly_used() -> None:
    one = spring(*OFTEN.items())
    assert np.array_equal(one.true_hours, spring().true_hours)


def test_a_clean_town_has_no_line_in_its_truth() -> None:
    assert flaws(spring()) == []
    assert delivered(spring()).num_rows == spring().readings


def test_rates_begin_with_a_word_and_may_be_changed_by_name() -> None:
    assert rates("none") == NO_FLAWS
    assert rates("usual") == USUAL_FLAWS
    assert rates("none,gap=12,exchange=1") == {**NO_FLAWS, Flaw.GAP: 12.0, Flaw.EXCHANGE: 1.0}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "begin with 'usual' or 'none'"),
        ("gap=12", "begin with 'usual' or 'none'"),
        ("none,gaps=12", "there is no flaw 'gaps'; there are resolution, rollover"),
        ("none,resolution=1.1", "from 0 to 1 "),
        ("none,spike=nan", "from 0 to 0.1 "),
        ("none,gap=", "from 0 to 1000 "),
    ],
)
def test_rates_that_mean_nothing_are_refused_with_what_to_write(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        rates(text)
