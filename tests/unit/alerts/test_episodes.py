import random
from uuid import uuid4

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.alerts import Direction, Quantity
from schemas.values import PointId
from services.alerts.core.differences import Stored, differences
from services.alerts.core.episodes import Episode, episodes, window
from services.alerts.core.rules import Rule, Series

HOUR_S = 3600


def rule(**changes: object) -> Rule:
    given_: dict[str, object] = {
        "rule_id": uuid4(), "point_id": PointId(1), "user_id": None, "quantity": Quantity.HOURLY_POWER,
        "direction": Direction.ABOVE, "summer_limit": 5.0, "winter_limit": 10.0, "hysteresis": 2.0,
        "minimum_values": 1,
    }  # fmt: skip
    return Rule(**(given_ | changes))  # type: ignore[arg-type]


def series(values: dict[int, float], winter: bool = True) -> Series:
    hours = np.array(sorted(values), np.int64)
    starts_s = hours * HOUR_S
    kw = np.array([values[int(hour)] for hour in hours], np.float64)
    return Series(starts_s, starts_s + HOUR_S, kw, np.full(len(hours), winter))


def run(*values: float) -> Series:
    return series(dict(enumerate(values)))


def spans(found: list[Episode]) -> list[tuple[int, int | None, float]]:
    return [(one.opened_s // HOUR_S, one.closed_s and one.closed_s // HOUR_S, one.extreme) for one in found]


def test_an_episode_opens_once_and_closes_when_the_value_is_back() -> None:
    assert spans(episodes(run(9, 11, 13, 12, 8, 9), rule())) == [(1, 4, 13.0)]


def test_a_value_inside_the_hysteresis_neither_opens_nor_closes() -> None:
    assert spans(episodes(run(9, 11, 9, 11, 9, 8), rule())) == [(1, 5, 11.0)]
    assert episodes(run(9, 10, 9.9), rule()) == []


def test_an_episode_without_a_value_back_lasts() -> None:
    assert spans(episodes(run(1, 11), rule())) == [(1, None, 11.0)]


def test_shorter_than_the_minimum_opens_nothing() -> None:
    assert episodes(run(11, 11, 9, 11, 11, 1), rule(minimum_values=3)) == []
    found = episodes(run(1, 11, 12, 13, 1), rule(minimum_values=3))
    assert spans(found) == [(1, 4, 13.0)]
    assert found[0].sure_s == 4 * HOUR_S


def test_unmeasured_hours_neither_open_close_nor_interrupt() -> None:
    assert spans(episodes(series({0: 11, 1: 11, 9: 11, 10: 1}), rule(minimum_values=3))) == [(0, 10, 11.0)]


def test_below_is_above_upside_down() -> None:
    low = rule(direction=Direction.BELOW)
    assert spans(episodes(run(12, 9, 7, 11, 12), low)) == [(1, 4, 7.0)]


def test_each_season_has_its_limit_and_may_have_none() -> None:
    assert spans(episodes(series({0: 6.0}, winter=False), rule())) == [(0, None, 6.0)]
    assert episodes(series({0: 6.0}, winter=True), rule()) == []
    assert episodes(series({0: 60.0}, winter=False), rule(summer_limit=None)) == []


values = st.dictionaries(st.integers(0, 80), st.integers(4, 14).map(float), max_size=60)
rules = st.builds(
    rule, direction=st.sampled_from(Direction), hysteresis=st.integers(0, 3), minimum_values=st.integers(1, 3)
)


def stored(found: list[Episode]) -> list[Stored]:
    return [Stored(uuid4(), one.opened_s, one.closed_s, one.extreme, one.limit) for one in found]


def after(before: list[Stored], now: list[Episode]) -> list[Stored]:
    change = differences(before, now)
    moved = {old.episode_id: new for old, new in change.changed}
    gone = {old.episode_id for old in change.withdrawn}
    kept = [
        Stored(old.episode_id, new.opened_s, new.closed_s, new.extreme, new.limit)
        if (new := moved.get(old.episode_id))
        else old
        for old in before
        if old.episode_id not in gone
    ]
    return sorted([*kept, *stored(change.opened)], key=lambda one: one.opened_s)


@given(values, rules, st.randoms(use_true_random=False), st.integers(1, 7), st.integers(0, 3))
def test_any_order_and_repetition_of_the_same_hours_ends_in_the_same_episodes(
    hours: dict[int, float], judged: Rule, chance: random.Random, size: int, stored_ahead: int
) -> None:
    arrivals = list(hours) + chance.sample(list(hours), len(hours) // 2)
    chance.shuffle(arrivals)
    held: list[Stored] = []
    for start in range(0, len(arrivals), size):
        touched = arrivals[start : start + size]
        # Figures are stored before they are told of, so what is judged may be ahead of what was heard.
        known = {hour: hours[hour] for hour in arrivals[: start + size * (1 + stored_ahead)]}
        around = window(series(known), judged, min(touched) * HOUR_S, max(touched) * HOUR_S)
        inside = [one for one in held if around.holds(one.opened_s, one.closed_s)]
        outside = [one for one in held if one not in inside]
        held = sorted([*outside, *after(inside, episodes(around.series, judged))], key=lambda one: one.opened_s)
    said = [(one.opened_s, one.closed_s, one.extreme, one.limit) for one in held]
    assert said == [(one.opened_s, one.closed_s, one.extreme, one.limit) for one in episodes(series(hours), judged)]


@given(values, rules)
def test_the_same_figures_again_change_nothing(hours: dict[int, float], judged: Rule) -> None:
    now = episodes(series(hours), judged)
    assert differences(stored(now), now) == ([], [], [])


def test_a_correction_withdraws_an_episode() -> None:
    before = stored(episodes(run(1, 11, 1), rule()))
    assert differences(before, episodes(run(1, 9, 1), rule())).withdrawn == before


def test_where_two_episodes_become_one_the_earlier_goes_on() -> None:
    before = stored(episodes(run(11, 1, 11, 1), rule()))
    change = differences(before, episodes(run(11, 11, 11, 1), rule()))
    assert [old for old, _ in change.changed] == before[:1]
    assert change.withdrawn == before[1:]


def test_where_one_episode_falls_apart_its_first_part_goes_on() -> None:
    before = stored(episodes(run(11, 11, 11, 1), rule()))
    change = differences(before, episodes(run(11, 1, 11, 1), rule()))
    assert ([old for old, _ in change.changed], len(change.opened), change.withdrawn) == (before, 1, [])
