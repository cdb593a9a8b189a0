"""Which readings hang together: laws against a plain search through all chains, and the cases by hand."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.ingest.core.candidates import LOOKAHEAD
from services.ingest.core.chain import judge, unbroken_at_end
from services.ingest.core.verdict import Verdict
from tests.oracle import verdicts as oracle
from tests.oracle.verdicts import ABOVE_MAXIMUM, ACCEPTED, EXCHANGED, WENT_BACKWARDS, Place, Reading
from tests.unit.ingest.rows import candidates

MAXIMUM_KW = 50
PLACE = Place(1, 0, None, (None, None), (None, None), (0, 0), 1000)
SIX_DIGITS = PLACE._replace(modulus=(1_000_000, 1_000))


def readings_of(energy_wh: Sequence[int], *, step_s: int = 3600, litres: Sequence[int | None] = ()) -> list[Reading]:
    """Readings at even steps."""
    volumes = [*litres] or [None] * len(energy_wh)
    return [
        Reading(index * step_s, index, None, 0, 0, wh, volume, None, None, None, None, withdrawn=False)
        for index, (wh, volume) in enumerate(zip(energy_wh, volumes, strict=True))
    ]


def verdicts(readings: list[Reading], place: Place = PLACE) -> list[int]:
    return judge(candidates(readings, place, MAXIMUM_KW)).tolist()


def plainly(readings: list[Reading], place: Place) -> list[int]:
    accepted = oracle.chain(readings, place, MAXIMUM_KW * 1000)
    return [oracle.verdict(readings, accepted, index, place) for index in range(len(readings))]


@st.composite
def readings(draw: st.DrawFn) -> list[Reading]:
    """A register that mostly rises, in stretches longer and shorter than the look-ahead, with wrong values between."""
    register_wh, at_s, result = draw(st.integers(0, 10**6)), 0, []
    litres = draw(st.sampled_from([None, 900]))
    stretches = st.tuples(st.integers(1, 40), st.integers(-(10**6), 10**6), st.booleans())
    for length, wrong, is_all_wrong in draw(st.lists(stretches, max_size=5)):
        offsets = [wrong] if is_all_wrong else [0, 0, 0, wrong]
        for _ in range(length):
            at_s += draw(st.sampled_from([60, 900, 3600, 7200, 86_400]))
            # 51 kWh in an hour are just above what 50 kW and a resolution of 1 kWh let through.
            register_wh += draw(st.sampled_from([0, 1, 700, 50_000, 51_000, 51_001]))
            litres = None if litres is None else litres + draw(st.sampled_from([0, 7, -1, 51_000, 51_001]))
            shown_wh = max(0, register_wh + draw(st.sampled_from(offsets)))
            result.append(Reading(at_s, 0, None, 0, 0, shown_wh, litres, None, None, None, None, withdrawn=False))
    return result


@given(readings=readings(), rolls=st.booleans())
@example(readings=readings_of([5]), rolls=True)
def test_verdicts_are_those_of_a_plain_search_through_all_chains(readings: list[Reading], rolls: bool) -> None:
    place = PLACE
    if rolls:
        place = SIX_DIGITS
        readings = [
            one._replace(energy_wh=one.energy_wh % 1_000_000, volume_l=one.volume_l and one.volume_l % 1_000)
            for one in readings
        ]
    assert verdicts(readings, place) == plainly(readings, place)


@given(readings=readings(), rises=st.lists(st.integers(0, 50_000), min_size=LOOKAHEAD + 1, max_size=50))
def test_what_follows_a_settled_end_counts_and_changes_no_verdict_before_it(
    readings: list[Reading], rises: list[int]
) -> None:
    rising = [*readings] or readings_of([0])
    for rise_wh in rises:
        last = rising[-1]
        rising.append(last._replace(read_at_s=last.read_at_s + 3600, energy_wh=last.energy_wh + rise_wh))
    settled = rising[: len(readings) + LOOKAHEAD]
    assert unbroken_at_end(candidates(settled, PLACE, MAXIMUM_KW)).tolist() == [LOOKAHEAD]
    before = verdicts(settled)
    if before[-1] == ACCEPTED:
        assert verdicts(rising) == before + [ACCEPTED] * (len(rising) - len(settled))


@given(at=st.integers(0, 29), spike_wh=st.sampled_from([0, 900_000_000, 2**40, 99_999_999]))
def test_one_wrong_reading_never_condemns_the_good_ones_around_it(at: int, spike_wh: int) -> None:
    registers = [5_000_000 + 1_000 * hour for hour in range(30)]
    registers[at] = spike_wh
    expected = [ACCEPTED] * 30
    expected[at] = WENT_BACKWARDS if spike_wh == 0 else ABOVE_MAXIMUM
    assert verdicts(readings_of(registers)) == expected


@pytest.mark.parametrize("run", [2, LOOKAHEAD - 1, LOOKAHEAD, LOOKAHEAD + 1, 3 * LOOKAHEAD])
def test_wrong_readings_in_a_row_are_refused_however_many_and_the_good_after_them_count(run: int) -> None:
    good = [5_000_000 + 1_000 * hour for hour in range(60 + run)]
    wrong = [wh + 900_000_000 if 30 <= hour < 30 + run else wh for hour, wh in enumerate(good)]
    # More than two days of them can only be another meter's.
    refused = [ABOVE_MAXIMUM] * min(run, 49) + [EXCHANGED] * max(run - 49, 0)
    assert verdicts(readings_of(wrong)) == [ACCEPTED] * 30 + refused + [ACCEPTED] * 30


def test_a_register_that_falls_for_good_is_refused_until_an_operator_registers_the_exchange() -> None:
    fallen = [*(900_000 + hour for hour in range(30)), *(100 + hour for hour in range(100))]
    assert verdicts(readings_of(fallen)) == [ACCEPTED] * 30 + [WENT_BACKWARDS] * 49 + [EXCHANGED] * 51


def test_a_meter_that_nobody_registered_does_not_count_once_it_has_passed_the_old_one() -> None:
    fallen = [*(60_000 + hour for hour in range(30)), *range(0, 100_000, 500)]
    found = verdicts(readings_of(fallen))
    assert found[30:] == [WENT_BACKWARDS] * 49 + [EXCHANGED] * 151


def test_a_meter_that_nobody_registered_and_shows_more_counts_no_more_once_there_was_time_for_it() -> None:
    risen = [*range(0, 30_000, 1_000), *range(9_000_000, 9_300_000, 1_000)]
    found = verdicts(readings_of(risen))
    assert found[30:] == [ABOVE_MAXIMUM] * 49 + [EXCHANGED] * 251


@pytest.mark.parametrize("watt", [20, 300, 20_000])
def test_three_days_that_are_sent_a_second_time_as_the_next_ones_condemn_nothing_after_them(watt: int) -> None:
    good = [5_000_000 + watt * hour for hour in range(240)]
    again = [*good[:120], *good[48:120], *good[192:]]
    found = verdicts(readings_of(again))
    assert found[:120] == [ACCEPTED] * 120
    assert ACCEPTED not in found[121:191]
    assert found[192:] == [ACCEPTED] * 48


@pytest.mark.parametrize(("times", "more_l"), [(0, 0), (0, 7), (1, -20_000)])
@pytest.mark.parametrize("hours", [20, 50, 72, 300])
def test_a_volume_that_is_too_low_for_a_while_condemns_nothing_after_it(hours: int, times: int, more_l: int) -> None:
    energy = [5_000_000 + 2_200 * hour for hour in range(200 + hours)]
    litres: list[int | None] = [90_000 + 50 * hour for hour in range(200 + hours)]
    litres[100 : 100 + hours] = [times * (90_000 + 50 * hour) + more_l for hour in range(100, 100 + hours)]
    found = verdicts(readings_of(energy, litres=litres))
    assert found[:100] == [ACCEPTED] * 100
    assert found[-99:] == [ACCEPTED] * 99


@pytest.mark.parametrize(("step_s", "before"), [(86_400, 11), (86_400, 17), (30 * 86_400, 7)])
def test_a_meter_read_seldom_keeps_its_history_when_another_one_is_read_unregistered(step_s: int, before: int) -> None:
    a_step_wh = 30_000 * step_s // 86_400
    old = [a_step_wh * step for step in range(1, before + 1)]
    new = [a_step_wh * step for step in range(2 * before)]
    found = verdicts(readings_of([*old, *new], step_s=step_s))
    assert found[:before] == [ACCEPTED] * before
    assert ACCEPTED not in found[before:]
    assert found[-1] == EXCHANGED


@pytest.mark.parametrize("days", [3, 5, 12])
def test_daily_readings_that_are_sent_again_as_the_next_ones_condemn_nothing_after_them(days: int) -> None:
    good = [5_000_000 + 30_000 * day for day in range(60)]
    again = [*good[:30], *good[30 - days : 30], *good[30 + days :]]
    found = verdicts(readings_of(again, step_s=86_400))
    assert found[:30] == [ACCEPTED] * 30
    assert found[30 + days :] == [ACCEPTED] * (30 - days)


def test_a_rollover_is_no_fall_and_all_nines_before_it_are_refused() -> None:
    registers = [997_000, 998_000, 999_000, 999_999, 0, 1_000, 2_000]
    assert verdicts(readings_of(registers), SIX_DIGITS) == [ACCEPTED] * 7
    early = [900_000, 901_000, 999_999, 902_000, 903_000]
    assert verdicts(readings_of(early), SIX_DIGITS) == [ACCEPTED, ACCEPTED, ABOVE_MAXIMUM, ACCEPTED, ACCEPTED]


def test_the_zero_of_an_outage_is_refused() -> None:
    assert verdicts(readings_of([500_000, 501_000, 0, 503_000])) == [ACCEPTED, ACCEPTED, WENT_BACKWARDS, ACCEPTED]
    rolling = verdicts(readings_of([500_000, 501_000, 0, 503_000]), SIX_DIGITS)
    assert rolling == [ACCEPTED, ACCEPTED, WENT_BACKWARDS, ACCEPTED]


def test_a_first_reading_that_nothing_after_it_fits_is_refused() -> None:
    assert verdicts(readings_of([900_000_000, 1_000, 2_000])) == [ABOVE_MAXIMUM, ACCEPTED, ACCEPTED]
    assert verdicts(readings_of([0, 900_000_000, 900_001_000])) == [WENT_BACKWARDS, ACCEPTED, ACCEPTED]


@pytest.mark.parametrize(
    ("energy_wh", "verdict"), [(51_000, ACCEPTED), (51_001, ABOVE_MAXIMUM), (-1, WENT_BACKWARDS), (0, ACCEPTED)]
)
def test_a_register_may_rise_by_the_highest_plausible_power_and_its_resolution(energy_wh: int, verdict: int) -> None:
    # Before and behind it the register stands still, so that only this reading can be the wrong one.
    registers = [10**6] * 30 + [10**6 + energy_wh] + [10**6 + max(0, energy_wh)] * 30
    if verdict == ABOVE_MAXIMUM:
        registers[31:] = [10**6] * 30
    assert verdicts(readings_of(registers))[30] == verdict


def test_a_volume_that_falls_is_refused_though_the_energy_rises() -> None:
    litres: list[int | None] = [100, 110, 20, 130, 140]
    found = verdicts(readings_of([0, 1_000, 2_000, 3_000, 4_000], litres=litres))
    assert found == [ACCEPTED, ACCEPTED, WENT_BACKWARDS, ACCEPTED, ACCEPTED]


@pytest.mark.parametrize("hours", [1, 30, 60, 300])
@pytest.mark.parametrize("place", [PLACE, PLACE._replace(modulus=(0, 10**8))], ids=["without end", "rolls over"])
def test_a_volume_that_no_pipe_lets_through_is_refused_and_condemns_nothing_after_it(hours: int, place: Place) -> None:
    energy = [5_000_000 + 2_200 * hour for hour in range(200 + hours)]
    litres: list[int | None] = [90_000 + 50 * hour for hour in range(200 + hours)]
    litres[100 : 100 + hours] = [1_000 * (90_000 + 50 * hour) for hour in range(100, 100 + hours)]
    found = verdicts(readings_of(energy, litres=litres), place)
    assert found[100] == ABOVE_MAXIMUM
    assert [verdict == ACCEPTED for verdict in found] == [True] * 100 + [False] * hours + [True] * 100


@pytest.mark.parametrize(("litres", "verdict"), [(51_000, ACCEPTED), (51_001, ABOVE_MAXIMUM)])
def test_a_volume_may_rise_by_a_litre_for_each_wh_of_the_highest_power_and_a_cubic_metre(
    litres: int, verdict: int
) -> None:
    volumes = [0] * 30 + [litres] + [0 if verdict == ABOVE_MAXIMUM else litres] * 30
    assert verdicts(readings_of([10**6] * 61, litres=volumes))[30] == verdict


def test_a_reading_without_a_volume_is_judged_by_its_energy() -> None:
    litres: list[int | None] = [100, None, 120]
    assert verdicts(readings_of([0, 1_000, 2_000], litres=litres)) == [ACCEPTED] * 3


def test_series_are_judged_apart() -> None:
    one = candidates(readings_of([5_000, 6_000]), PLACE, MAXIMUM_KW)
    both = one._replace(series=np.array([1, 2]), energy_wh=np.array([5_000, 0]))
    assert judge(both).tolist() == [ACCEPTED, ACCEPTED]


def test_readings_at_the_end_are_settled_once_as_many_follow_each_other_as_judging_looks_ahead() -> None:
    spiked = [10**9, *range(0, 1_000 * LOOKAHEAD, 1_000)]
    assert unbroken_at_end(candidates(readings_of(spiked[:-1]), PLACE, MAXIMUM_KW)).tolist() == [LOOKAHEAD - 1]
    assert unbroken_at_end(candidates(readings_of(spiked), PLACE, MAXIMUM_KW)).tolist() == [LOOKAHEAD]
    # Where nothing ever broke there is nothing that could be judged anew.
    assert unbroken_at_end(candidates(readings_of([1, 2]), PLACE, MAXIMUM_KW)).tolist() == [LOOKAHEAD]


def test_the_numbers_of_verdicts_are_stored_and_never_change() -> None:
    assert {verdict.label: int(verdict) for verdict in Verdict if verdict < 20} == {
        "accepted": 1,
        "superseded": 2,
        "withdrawn": 3,
        "duplicate": 4,
        "overtaken_estimate": 5,
        "stop_register": 6,
        "register_went_backwards": 10,
        "above_plausible_maximum": 11,
        "sentinel": 12,
        "meter_not_installed": 13,
        "register_above_modulus": 14,
        "outage_zero": 15,
        "unregistered_exchange": 16,
        "conflicting_values": 17,
        "implausible_stop": 18,
    }
