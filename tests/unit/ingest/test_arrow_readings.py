"""Arrow streams from outside: what is no stream of readings is refused by name, whatever its bytes are."""

import multiprocessing
import random
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress

import pyarrow as pa
import pytest

from schemas.readings import METER_READINGS, METER_READINGS_BATCHES
from services.ingest.core.parsed import BadDeliveryError, Parsed, well_formed
from services.ingest.decode import read_batch
from services.ingest.sources.arrow_readings import UNREADABLE, parse
from tests import examples
from tests.builders import MIDNIGHT_S, batch, stream

LATEST_S = MIDNIGHT_S + 10 * 86_400
MUTANTS = 10_000
LONGEST_CPU_S = 0.05


def readings(count: int = 3) -> pa.RecordBatch:
    return batch(
        {
            "serial": f"meter-{index}",
            "metering_point": None,
            "read_at": MIDNIGHT_S + index * 3600,
            "energy_wh": index * 1000,
            "volume_l": index * 20,
            "return_c": 40.5,
        }
        for index in range(count)
    )


def night() -> pa.RecordBatch:
    """The published example: three readings."""
    return examples.record_batch(METER_READINGS_BATCHES, "a_night_by_serial")


def with_column(name: str, column: pa.Array) -> pa.RecordBatch:
    rows = night()
    columns = dict(zip(rows.schema.names, rows.columns, strict=True)) | {name: column}
    return pa.RecordBatch.from_pydict(columns)


def refused(body: bytes) -> BadDeliveryError:
    with pytest.raises(BadDeliveryError) as caught:
        parse(body)
    return caught.value


def test_a_stream_of_readings_is_read_with_every_column() -> None:
    parsed = parse(stream(night()))
    assert (parsed.items, parsed.refused) == (3, [])
    assert parsed.readings.equals(night())


def test_columns_that_may_be_null_may_be_left_out() -> None:
    rows = readings().select(["serial", "read_at", "energy_wh", "withdrawn"])
    assert parse(stream(rows)).readings.column("volume_l").null_count == 3


@pytest.mark.parametrize("name", ["read_at", "energy_wh", "withdrawn"])
def test_a_column_that_must_be_there_is_named_when_it_is_missing(name: str) -> None:
    rows = readings().select([column for column in METER_READINGS.names if column != name])
    assert name in refused(stream(rows)).detail


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("energy_wh", pa.array([1.0, 2.0, 3.0])),
        ("energy_wh", pa.array([1, 2, 3], pa.int32())),
        ("energy_wh", pa.array(["1", "2", "3"])),
        ("read_at", pa.array([1, 2, 3], pa.int64())),
        ("read_at", pa.array([1, 2, 3], pa.timestamp("us"))),
        ("read_at", pa.array([1, 2, 3], pa.timestamp("us", "Europe/Stockholm"))),
        ("read_at", pa.array([1, 2, 3], pa.timestamp("s", "UTC"))),
        ("serial", pa.array(["a", "b", "c"]).dictionary_encode()),
        ("serial", pa.array(["a", "b", "c"], pa.large_string())),
        ("withdrawn", pa.array([0, 1, 0], pa.int8())),
        ("return_c", pa.array([1.0, 2.0, 3.0], pa.float64())),
    ],
)
def test_a_column_of_another_type_unit_or_zone_is_refused_by_name(name: str, column: pa.Array) -> None:
    error = refused(stream(with_column(name, column)))
    assert error.code == "bad_arrow"
    assert name in error.detail


def test_an_unknown_column_is_refused_over_http_and_left_out_from_a_newer_writer() -> None:
    body = stream(with_column("humidity", pa.array([1, 2, 3])))
    assert "humidity" in refused(body).detail
    assert read_batch(body).schema == METER_READINGS


def test_a_column_that_is_there_twice_is_refused() -> None:
    rows = readings()
    doubled = pa.RecordBatch.from_arrays([*rows.columns, rows.column("energy_wh")], [*rows.schema.names, "energy_wh"])
    assert "energy_wh is there twice" in refused(stream(doubled)).detail


def test_nothing_may_be_null_that_a_reading_needs() -> None:
    null_time = pa.array([None, MIDNIGHT_S * 10**6, None], pa.int64()).cast(pa.timestamp("us", "UTC"))
    parsed = well_formed(parse(stream(with_column("read_at", null_time))), LATEST_S, None)
    assert [(one.item, one.verdict.label) for one in parsed.refused] == [
        (0, "time_out_of_range"),
        (2, "time_out_of_range"),
    ]
    null_energy = pa.array([None, 1, 2], pa.int64())
    parsed = well_formed(parse(stream(with_column("energy_wh", null_energy))), LATEST_S, None)
    assert [(one.item, one.verdict.label) for one in parsed.refused] == [(0, "field_missing")]


def test_samples_that_are_no_numbers_cost_only_their_item() -> None:
    samples = pa.array([float("inf"), float("nan"), 40.0], pa.float32())
    parsed = well_formed(parse(stream(with_column("return_c", samples))), LATEST_S, None)
    # NaN is how arrays say that nothing is known.
    assert [(one.item, one.verdict.label) for one in parsed.refused] == [(0, "not_finite")]


@pytest.mark.parametrize("year", [148_108, -200_000, 1, 9999])
def test_a_time_that_no_calendar_has_costs_only_its_item(year: int) -> None:
    at_us = (year - 1970) * 31_556_952 * 1_000_000
    times = pa.array([at_us, MIDNIGHT_S * 10**6, MIDNIGHT_S * 10**6], pa.int64()).cast(pa.timestamp("us", "UTC"))
    parsed = well_formed(parse(stream(with_column("read_at", times))), LATEST_S, None)
    assert [(one.item, one.verdict.label) for one in parsed.refused] == [(0, "time_out_of_range")]
    assert parsed.readings.num_rows == 2


def test_text_that_is_no_utf8_is_refused() -> None:
    bad = pa.Array.from_buffers(
        pa.string(), 3, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0\4\0\0\0\6\0\0\0"), pa.py_buffer(b"\xff\xfeabcd")]
    )
    assert refused(stream(with_column("serial", bad))).code == "bad_arrow"


def test_a_compressed_batch_is_refused_before_it_is_read() -> None:
    sink = pa.BufferOutputStream()
    rows = readings(100_000)
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, rows.schema, options=options) as writer:
        writer.write_batch(rows)
    assert "compressed" in refused(bytes(sink.getvalue())).detail


def test_a_message_of_kafka_holds_one_batch_of_at_most_5000_readings() -> None:
    assert read_batch(stream(readings(5000))).num_rows == 5000
    with pytest.raises(ValueError, match="at most 5000"):
        read_batch(stream(readings(5001)))
    assert parse(stream(readings(5001))).items == 5001


def test_a_delivery_of_more_items_than_may_be_is_refused_whole() -> None:
    assert refused(stream(readings(100_001))).code == "too_many_items"


@pytest.mark.parametrize("length", [0, 1, 8, 100, 500])
def test_a_cut_stream_is_refused(length: int) -> None:
    whole = stream(readings())
    assert refused(whole[:length]).code == "bad_arrow"
    assert refused(whole[: len(whole) - 1 - length % 8]).code == "bad_arrow"


def _flipped(body: bytes, chance: random.Random) -> bytes:
    mutant = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        mutant[chance.randrange(len(mutant))] ^= 1 << chance.randrange(8)
    return bytes(mutant)


def _cut(body: bytes, chance: random.Random) -> bytes:
    return body[: chance.randrange(len(body))] + body[-8:]


def _spliced(body: bytes, chance: random.Random) -> bytes:
    first, second = sorted(chance.randrange(len(body)) for _ in range(2))
    return body[:second] + body[first:]


def _overwritten(body: bytes, chance: random.Random) -> bytes:
    at, length = chance.randrange(len(body)), chance.randint(1, 16)
    return body[:at] + chance.randbytes(length) + body[at + length :]


MUTATIONS: list[Callable[[bytes, random.Random], bytes]] = [_flipped, _cut, _spliced, _overwritten]


def _survive(seed: int) -> tuple[list[str], float, int]:
    """Read mutated streams as the door and the worker do; gives stray errors, the longest time, and how many passed."""
    chance = random.Random(seed)  # noqa: S311 - a seed that can be drawn again is the point
    body = stream(readings(50))
    stray, longest_s, passed = [], 0.0, 0
    for _ in range(MUTANTS):
        mutant = chance.choice(MUTATIONS)(body, chance)
        began = time.process_time()
        try:
            parsed: Parsed = well_formed(parse(mutant), LATEST_S, None)
            passed += parsed.readings.num_rows > 0
        except BadDeliveryError:
            pass
        except Exception as error:  # noqa: BLE001 - whatever it is, it is stray, and is told of by its seed
            stray.append(f"{type(error).__name__}: {error}")
        with suppress(*UNREADABLE):
            read_batch(mutant)
        longest_s = max(longest_s, time.process_time() - began)
    return stray, longest_s, passed


def test_no_mutated_stream_ends_the_process_strays_or_takes_long() -> None:
    # In a process of its own: a stream that reads past its memory would take the tests along.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        stray, longest_s, passed = pool.submit(_survive, 20_240_110).result()
    assert stray == []
    assert longest_s <= LONGEST_CPU_S
    assert 0 < passed < MUTANTS
