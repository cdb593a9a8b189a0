"""Readings as JSON: the quick way and the careful one say the same, and one bad item costs only itself."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.parsed import MOST_ITEMS, BadDeliveryError, Parsed
from services.ingest.sources.json_readings import FIELDS, parse, parse_lines

GOOD = '{"read_at":"2024-01-10T00:00:00+01:00","energy_wh":1,"serial":"a"}'
BEGIN, END = datetime(1901, 1, 1), datetime(2199, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone

moments = st.datetimes(
    BEGIN, END, timezones=st.integers(-840, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))
)
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**16), 10**16),
    st.floats(),
    st.text(max_size=5),
    moments.map(datetime.isoformat),
    st.lists(st.integers(), max_size=2),
)
right = {
    "read_at": moments.map(datetime.isoformat),
    "recorded_at": moments.map(datetime.isoformat),
    "serial": st.sampled_from(["a", "b", "Å-1"]),
    "metering_point": st.sampled_from(["735999", "P.1"]),
    "withdrawn": st.booleans(),
} | {name: st.integers(-(10**15), 10**15) for name in ("energy_wh", "volume_l", "forward_lc", "return_lc")}
good_items = st.fixed_dictionaries({"read_at": right.pop("read_at")}, optional=right)
bad_items = st.one_of(values, st.dictionaries(st.sampled_from([*FIELDS, "level"]), values, max_size=4))


def item_by_item(items: list[Any]) -> str:
    """Write a list so that it must be read the careful way: an escape could hide a doubled name."""
    return json.dumps(items).replace('"read_at"', '"read\\u005fat"') if items else "[]"


def same(one: Parsed, other: Parsed) -> bool:
    return one.readings.equals(other.readings) and one.item.tolist() == other.item.tolist()


@given(items=st.lists(good_items, min_size=1, max_size=5))
def test_the_quick_way_and_the_careful_one_read_the_same(items: list[dict[str, Any]]) -> None:
    quick, careful = parse(json.dumps(items).encode()), parse(item_by_item(items).encode())
    assert same(quick, careful)
    assert quick.items == quick.readings.num_rows == len(items)


@given(items=st.lists(good_items, min_size=1, max_size=5))
def test_a_list_and_its_lines_are_the_same_readings(items: list[dict[str, Any]]) -> None:
    lines = "\n".join(json.dumps(item) for item in items)
    assert same(parse(json.dumps(items).encode()), parse_lines(lines.encode()))


@given(items=st.lists(st.one_of(good_items, bad_items), min_size=1, max_size=8))
def test_each_item_is_either_a_reading_or_refused_with_its_place(items: list[Any]) -> None:
    for parsed in (parse(json.dumps(items).encode()), parse_lines("\n".join(map(json.dumps, items)).encode())):
        assert sorted([*parsed.item.tolist(), *(one.item for one in parsed.refused)]) == list(range(len(items)))


@given(body=st.binary(max_size=200))
def test_whatever_bytes_come_nothing_strays(body: bytes) -> None:
    for read in (parse, parse_lines):
        with suppress(BadDeliveryError):
            read(body)


@given(
    item=good_items, name=st.sampled_from(FIELDS), first=values, last=values, others=st.lists(good_items, max_size=3)
)
def test_a_name_that_stands_twice_is_noticed_whatever_the_other_items_have(
    item: dict[str, Any], name: str, first: Any, last: Any, others: list[dict[str, Any]]
) -> None:
    rest = "".join(f",{json.dumps(key)}:{json.dumps(value)}" for key, value in item.items() if key != name)
    doubled = f'{{"{name}":{json.dumps(first)},"{name}":{json.dumps(last)}{rest}}}'
    body = "[" + ",".join([doubled, *map(json.dumps, others)]) + "]"
    assert (0, "duplicate_key") in [(one.item, one.verdict.label) for one in parse(body.encode()).refused]


def test_microseconds_are_kept_exactly() -> None:
    times = [f"2024-01-10T00:00:00.{micros:06d}Z" for micros in (1, 7, 333_333, 999_999)]
    body = json.dumps([{"read_at": at, "recorded_at": at, "energy_wh": 1, "serial": "a"} for at in times])
    recorded = parse(body.encode()).readings.column("recorded_at").to_pylist()
    assert recorded == [datetime(2024, 1, 10, 0, 0, 0, micros, UTC) for micros in (1, 7, 333_333, 999_999)]


def test_a_list_may_be_as_long_as_a_delivery_may_be_and_no_longer() -> None:
    assert parse(f"[{','.join([GOOD] * MOST_ITEMS)}]".encode()).items == MOST_ITEMS
    with pytest.raises(BadDeliveryError, match="at most"):
        parse(f"[{','.join([GOOD] * (MOST_ITEMS + 1))}]".encode())


@pytest.mark.parametrize("depth", [10, 200, 600, 900])
def test_an_item_that_is_a_nest_costs_only_itself(depth: int) -> None:
    parsed = parse(f"[{GOOD},{'[' * depth}{']' * depth}]".encode())
    assert (parsed.item.tolist(), [one.item for one in parsed.refused]) == ([0], [1])


@pytest.mark.parametrize("depth", [100_000, 1_000_000])
def test_a_nest_without_an_end_is_refused_whole(depth: int) -> None:
    for body in (b"[" * depth, b'{"a":' * depth, b"[" * depth + b"]" * depth):
        with pytest.raises(BadDeliveryError) as caught:
            parse(body)
        assert caught.value.code in {"too_deep", "too_many_items"}
