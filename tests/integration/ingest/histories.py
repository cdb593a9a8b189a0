"""Histories of a metering point as meters and head-ends really send them: every flaw, in every order."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.oracle.verdicts import ESTIMATE, OPERATOR, YIELDING, Place

HOUR_S = 3600
DAY_S = 24 * HOUR_S
MAXIMUM_KW = 50
BEGINS_S = [
    int(moment.timestamp())
    for moment in [
        datetime(2024, 1, 9, 23, tzinfo=UTC),  # A midnight in Stockholm.
        datetime(2024, 1, 9, 22, 10, tzinfo=UTC),  # Within the last hour of a day.
        datetime(2024, 3, 30, 13, tzinfo=UTC),  # The day before the clock goes forward.
        datetime(2024, 10, 26, 5, tzinfo=UTC),  # The day before it goes back.
        datetime(2023, 12, 31, 6, tzinfo=UTC),  # The last day of a month and a year.
    ]
]
STEPS_S = [60, 600, 1800, HOUR_S, 75 * 60, 75 * 60 + 1, 2 * HOUR_S, 2 * HOUR_S + 1, 3 * HOUR_S, DAY_S]
GAPS_S = [2 * HOUR_S, 5 * HOUR_S, 2 * DAY_S, 40 * DAY_S]

Row = dict[str, Any]


class History(NamedTuple):
    """What was read at one metering point, and which meters sat there."""

    rows: list[Row]
    """As columns of meter-readings, and `rank`; sorted by instant, `meter` being an index into places or None."""
    places: list[Place]
    """The meter_id of each is its index; empty where no meter is registered."""


class Course(NamedTuple):
    """How a history comes in: in deliveries of so many rows, in this order, some of them again."""

    deliveries: list[list[int]]
    """Indexes of rows."""
    registered_after: int
    """After how many deliveries the meters are registered."""


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Draw a history: a rhythm of readings, meters with their moduli, and flaws by kind, place and length."""
    noise = draw(st.randoms(use_true_random=True))
    times = _times(draw, noise)
    places = _places(draw, times)
    rows = list(_readings(times, places, noise, draw(st.sampled_from(["plain", "samples", "integrals", "holes"]))))
    flaws = draw(st.lists(st.tuples(st.sampled_from(sorted(_FLAWS)), st.integers(0, len(rows) - 1)), max_size=6))
    for name, index in flaws:
        _FLAWS[name](rows, index, noise)
    versions = Counter(row["read_at"] for row in rows)
    for row in rows:
        # The id of a meter is part of the hash that decides between equal claims, and every point has its own.
        row["meter"] = row["meter"] if versions[row["read_at"]] == 1 else None
    for place in places:
        if place.removed_s is not None and draw(st.booleans()):
            rows += _at_removal(rows, place, noise)
    return History(sorted(rows, key=lambda row: row["read_at"]), places)


@st.composite
def courses(draw: st.DrawFn, rows: int) -> Course:
    """Draw how so many rows come in."""
    chance = draw(st.randoms(use_true_random=True))
    order = list(range(rows))
    match draw(st.sampled_from(["in order", "backwards", "shuffled", "a block late", "nearly in order"])):
        case "backwards":
            order.reverse()
        case "shuffled":
            chance.shuffle(order)
        case "a block late":
            first, last = sorted((chance.randrange(rows), chance.randrange(rows)))
            order = order[:first] + order[last:] + order[first:last]
        case "nearly in order":
            order.sort(key=lambda index: index + chance.randrange(6))
    order += [chance.randrange(rows) for _ in range(draw(st.integers(0, 5)))]
    largest = draw(st.sampled_from([3, 10, 40, rows]))
    deliveries = []
    while order:
        size = chance.randint(1, largest)
        deliveries.append(order[:size])
        order = order[size:]
    return Course(deliveries, draw(st.sampled_from([0, 0, len(deliveries) // 2, len(deliveries)])))


def _times(draw: st.DrawFn, noise: Random) -> list[int]:
    at_s = draw(st.sampled_from(BEGINS_S))
    count = draw(st.integers(2, 130))
    rhythm = draw(st.sampled_from([HOUR_S, HOUR_S, 900, 6 * 60, DAY_S, 0]))
    at_s += draw(st.sampled_from([0, 0, 7 * 60, 59 * 60 + 59]))
    gaps = dict(draw(st.lists(st.tuples(st.integers(1, count), st.sampled_from(GAPS_S)), max_size=2)))
    times = []
    for index in range(count):
        times.append(at_s)
        at_s += gaps.get(index, 0) + (rhythm or noise.choice(STEPS_S))
    return times


def _places(draw: st.DrawFn, times: list[int]) -> list[Place]:
    meters = draw(st.sampled_from([0, 0, 1, 1, 2, 3]))
    if meters == 0:
        return []
    inner = sorted({draw(st.integers(times[0] + 1, times[-1])) for _ in range(meters - 1)})
    inner = [at_s - at_s % HOUR_S if draw(st.booleans()) else at_s for at_s in inner]
    changes = sorted({times[0], *(at_s for at_s in inner if at_s > times[0])})
    return [_place(draw, index, begin_s, changes[index + 1 :]) for index, begin_s in enumerate(changes)]


def _place(draw: st.DrawFn, index: int, begin_s: int, later: list[int]) -> Place:
    return Place(
        meter_id=index,
        installed_s=begin_s,
        # Now and then nothing sits there for a while.
        removed_s=later[0] - min(draw(st.sampled_from([0, 0, 0, 1800])), later[0] - begin_s - 1) if later else None,
        # Filled in by the readings, which know where the registers stand.
        start=(0, 0) if draw(st.booleans()) else (None, None),
        stop=(0, 0) if draw(st.booleans()) else (None, None),
        modulus=(draw(st.sampled_from([0, 100_000, 1_000_000])), draw(st.sampled_from([0, 1_000]))),
        resolution_wh=draw(st.sampled_from([1, 1000])),
        smoothing=draw(st.sampled_from([False, False, True])),
    )


def _readings(times: list[int], places: list[Place], noise: Random, kind: str) -> Iterator[Row]:
    """Let a register rise, 0 to 12 kW, and show it as the meter of each moment does."""
    true_wh, true_l, origin = noise.randrange(500_000), noise.randrange(10_000), 0
    current, rate_w = 0, noise.choice([0, 300, 4_000, 12_000])
    for index, at_s in enumerate(times):
        if index:
            true_wh += rate_w * (at_s - times[index - 1]) // HOUR_S
            true_l += rate_w * (at_s - times[index - 1]) // HOUR_S // 40
        if noise.random() < 0.2:
            rate_w = noise.choice([0, 300, 4_000, 12_000])
        place = _current(places, at_s)
        if place and place.meter_id != current:
            places[current] = places[current]._replace(stop=_noted(places[current], "stop", true_wh - origin, true_l))
            current, origin = place.meter_id, true_wh - noise.randrange(2_000)
            places[current] = place._replace(start=_noted(place, "start", true_wh - origin, true_l))
        yield _row(at_s, true_wh - origin, true_l, place, noise, kind)


def _current(places: list[Place], at_s: int) -> Place | None:
    return next((one for one in reversed(places) if one.installed_s <= at_s), None)


def _noted(place: Place, which: str, wh: int, litres: int) -> tuple[int | None, int | None]:
    if getattr(place, which) == (None, None):
        return None, None
    modulus_wh, modulus_l = place.modulus
    return wh % modulus_wh if modulus_wh else wh, litres % modulus_l if modulus_l else litres


def _row(at_s: int, wh: int, litres: int, place: Place | None, noise: Random, kind: str) -> Row:
    modulus_wh, modulus_l = place.modulus if place else (0, 0)
    shown_wh = wh - wh % place.resolution_wh if place else wh
    return {
        "read_at": at_s,
        "recorded_at": at_s,
        "rank": 0,
        "meter": place.meter_id if place and noise.random() < 0.2 else None,
        "energy_wh": shown_wh % modulus_wh if modulus_wh else shown_wh,
        "volume_l": None if kind == "holes" and noise.random() < 0.4 else litres % modulus_l if modulus_l else litres,
        "forward_lc": litres * 70 if kind == "integrals" else None,
        "return_lc": litres * 33 if kind == "integrals" and noise.random() < 0.9 else None,
        "supply_c": noise.choice([None, 70.0, 81.5]) if kind == "samples" else None,
        "return_c": noise.choice([None, 33.0, 45.25, -39.9]) if kind == "samples" else None,
        "withdrawn": False,
    }


def _spike(rows: list[Row], index: int, noise: Random) -> None:
    rows[index]["energy_wh"] += noise.choice([60_000, 3_000_000_000])


def _fall(rows: list[Row], index: int, noise: Random) -> None:
    rows[index]["energy_wh"] = max(0, rows[index]["energy_wh"] - noise.choice([1, 5_000, 10**9]))


def _fall_of_volume(rows: list[Row], index: int, _noise: Random) -> None:
    rows[index]["volume_l"] = 0


def _sentinel(rows: list[Row], index: int, noise: Random) -> None:
    rows[index]["energy_wh"] = noise.choice([4_294_967_295, 16_777_215])


def _sentinel_of_volume(rows: list[Row], index: int, _noise: Random) -> None:
    rows[index] |= {"volume_l": 16_777_215, "return_lc": 4_294_967_295}


def _no_volume(rows: list[Row], index: int, noise: Random) -> None:
    """The flow sensor is silent for a while."""
    for row in rows[index : index + noise.choice([1, 4, 30, 90])]:
        row["volume_l"] = None


def _wrong_volume(rows: list[Row], index: int, noise: Random) -> None:
    """The volume is another one for a while, or stands still, though the energy is right."""
    wrong_l, is_fixed = noise.choice([-900, 7, 20_000]), noise.random() < 0.5
    for row in rows[index : index + noise.choice([1, 26, 60])]:
        if row["volume_l"] is not None:
            row["volume_l"] = max(0, wrong_l + (0 if is_fixed else row["volume_l"]))


def _outage(rows: list[Row], index: int, noise: Random) -> None:
    """Every register shows zero for a while; now and then the volume is not there at all."""
    volume_l = noise.choice([0, 0, None])
    for row in rows[index : index + noise.choice([1, 3, 26, 60])]:
        row |= {"energy_wh": 0, "volume_l": volume_l, "forward_lc": None, "return_lc": None}


def _outage_at_the_start(rows: list[Row], _index: int, noise: Random) -> None:
    _outage(rows, 0, noise)


def _sent_again_as_later(rows: list[Row], index: int, noise: Random) -> None:
    """What was read before comes once more, with the times of what is read then."""
    length, back = noise.choice([3, 24, 60]), noise.choice([1, 24, 60])
    earlier = [dict(row) for row in rows[max(0, index - back) :][:length]]
    for row, before in zip(rows[index : index + length], earlier, strict=False):
        row |= {name: before[name] for name in ("energy_wh", "volume_l")}


def _exchanged_unregistered(rows: list[Row], index: int, noise: Random) -> None:
    """From here on another meter is read, which began at zero or at some other register."""
    origin_wh, origin_l = rows[index]["energy_wh"], rows[index]["volume_l"] or 0
    start_wh = noise.choice([0, 0, 1_000_000])
    for row in rows[index:]:
        row["energy_wh"] = max(0, row["energy_wh"] - origin_wh) + start_wh
        row["volume_l"] = None if row["volume_l"] is None else max(0, row["volume_l"] - origin_l)


def _all_nines(rows: list[Row], index: int, _noise: Random) -> None:
    rows[index]["energy_wh"] = 99_999


def _bad_run(rows: list[Row], index: int, noise: Random) -> None:
    """Up to sixty readings that agree with each other, and with nothing else."""
    wrong = noise.choice([-(10**9), 700_000_000])
    for row in rows[index : index + noise.choice([2, 10, 25, 60])]:
        row["energy_wh"] = max(0, row["energy_wh"] + wrong)


def _correction(rows: list[Row], index: int, noise: Random) -> None:
    row = rows[index]
    more = {"recorded_at": row["recorded_at"] + noise.choice([0, 0, 5]), "rank": noise.choice([0, 0, 1])}
    rows.append(row | more | {"energy_wh": max(0, row["energy_wh"] + noise.choice([-200, 50, 1_000]))})


def _withdrawal(rows: list[Row], index: int, noise: Random) -> None:
    row = rows[index]
    rows.append(row | {"withdrawn": True, "recorded_at": row["recorded_at"] + noise.choice([0, 9])})


def _withdrawal_of_the_newest(rows: list[Row], _index: int, noise: Random) -> None:
    _withdrawal(rows, len(rows) - 1, noise)


def _withdrawals(rows: list[Row], index: int, noise: Random) -> None:
    """Nearly all readings from one on are taken back."""
    for one in range(index, min(len(rows), index + 70)):
        _withdrawal(rows, one, noise)


def _an_operators_word(rows: list[Row], index: int, noise: Random) -> None:
    """An operator says what it was, or that it is right as it came, or takes it back."""
    row = rows[index]
    said = noise.choice([{"energy_wh": row["energy_wh"] + 1_500}, {}, {"withdrawn": True}])
    rows.append(row | {"rank": OPERATOR, "recorded_at": row["recorded_at"] + noise.choice([0, 60])} | said)
    if noise.random() < 0.4:
        yielding = {"rank": YIELDING, "withdrawn": True, "recorded_at": row["recorded_at"] + noise.choice([0, 60, 90])}
        rows.append(row | yielding)


def _operators_words(rows: list[Row], index: int, noise: Random) -> None:
    """An operator says that all readings of some hours are right."""
    rows += [row | {"rank": OPERATOR} for row in rows[index : index + noise.choice([2, 5, 30])]]


def _an_estimate_ahead(rows: list[Row], index: int, noise: Random) -> None:
    """What nobody has read behind a reading is estimated, perhaps twice, and perhaps taken back."""
    ahead_s, used_wh = noise.choice([1800, HOUR_S, 3 * DAY_S, 40 * DAY_S]), noise.choice([0, 500, 20_000, 900_000])
    estimate = _estimate(rows[index], ahead_s, used_wh)
    again = {"recorded_at": estimate["recorded_at"] + noise.choice([0, 60])}
    said = noise.choice([{"energy_wh": estimate["energy_wh"] + 300}, {"withdrawn": True}])
    rows += [estimate, estimate | again | said] if noise.random() < 0.3 else [estimate]


def _an_estimate_ahead_of_the_newest(rows: list[Row], _index: int, noise: Random) -> None:
    _an_estimate_ahead(rows, max(range(len(rows)), key=lambda index: rows[index]["read_at"]), noise)


def _estimates_ahead(rows: list[Row], _index: int, noise: Random) -> None:
    """In the longest gap one estimate stands after the other, more than one judging looks back."""
    times = sorted({row["read_at"] for row in rows})
    begin_s = max(pairwise(times), key=lambda pair: pair[1] - pair[0], default=(times[0],))[0]
    before = next(row for row in rows if row["read_at"] == begin_s)
    step_s = noise.choice([600, HOUR_S, DAY_S])
    rows += [_estimate(before, step_s * step, 100 * step) for step in range(1, noise.choice([3, 60]))]


def _estimate(row: Row, ahead_s: int, used_wh: int) -> Row:
    return row | {
        "read_at": row["read_at"] + ahead_s,
        "recorded_at": row["recorded_at"] + ahead_s,
        "rank": ESTIMATE,
        "meter": None,
        "energy_wh": row["energy_wh"] + used_wh,
        "volume_l": None if row["volume_l"] is None else row["volume_l"] + used_wh // 40,
        **dict.fromkeys(("forward_lc", "return_lc", "supply_c", "return_c")),
    }


def _at_removal(rows: list[Row], place: Place, noise: Random) -> Iterator[Row]:
    """What the old meter shows as it is removed: right or wrong, perhaps corrected or taken back, by whomever."""
    before = [row for row in rows if place.installed_s <= row["read_at"] < (place.removed_s or 0) and row["rank"] == 0]
    if not before:
        return
    last = max(before, key=lambda row: row["read_at"])
    shown = last | {
        "read_at": place.removed_s,
        "recorded_at": place.removed_s,
        "meter": place.meter_id,
        "energy_wh": max(0, last["energy_wh"] + noise.choice([0, 0, 700, 700, -900, 10**8])),
        "volume_l": noise.choice([None, last["volume_l"] and last["volume_l"] + 9]),
        "withdrawn": False,
    }
    yield shown
    said = noise.choice([{"energy_wh": shown["energy_wh"] + 90}, {"energy_wh": 4_294_967_295}, {"withdrawn": True}])
    # The serial of a meter is part of the hash that decides between equal claims, and every point has its own.
    if noise.random() < 0.4:
        yield shown | {"recorded_at": shown["recorded_at"] + 5} | said
    if noise.random() < 0.2:
        by_operator = {"rank": OPERATOR, "meter": None, "withdrawn": True}
        yield shown | by_operator
        if noise.random() < 0.5:
            yield shown | by_operator | {"rank": YIELDING, "recorded_at": shown["recorded_at"] + 60}


def _another_meter(rows: list[Row], index: int, _noise: Random) -> None:
    if rows[index]["meter"] is not None:
        rows[index]["meter"] = 0


_FLAWS = {
    one.__name__.strip("_"): one
    for one in (
        *(
            _spike,
            _fall,
            _fall_of_volume,
            _sentinel,
            _sentinel_of_volume,
            *(_no_volume, _wrong_volume, _outage, _outage_at_the_start, _sent_again_as_later, _exchanged_unregistered),
            _all_nines,
            _bad_run,
            _correction,
            _withdrawal,
        ),
        *(_withdrawal_of_the_newest, _withdrawals, _another_meter, _an_operators_word, _operators_words),
        *(_an_estimate_ahead, _an_estimate_ahead_of_the_newest, _estimates_ahead),
    )
}
