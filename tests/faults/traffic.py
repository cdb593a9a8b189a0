"""What a head-end, a weather service and the staff of a utility send in two autumn months, flaws included, by seed."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from deploy.local.folder import ROOT
from schemas.event import ARROW, JSON
from tests.builders import batch, stream

STOCKHOLM = ZoneInfo("Europe/Stockholm")
FIRST_DAY, FULL_FIRST_DAY, END_DAY = date(2018, 8, 31), date(2018, 10, 20), date(2018, 11, 1)
"""Twelve points are read from the first day on, all forty around the end of summer time."""
LONG_POINTS = 12
BILLED = date(2018, 9, 1)
BILLED_UNTIL_S = int(datetime(2018, 10, 1, 2, tzinfo=UTC).timestamp())
"""After this no reading touches September, so that it can be closed while October still comes in."""
HOUR_S = 3600
ROUND_S = 12 * HOUR_S
POINTS = 40
LATE, CORRECTED, WITHDRAWN, DOUBLED = 0.05, 0.02, 0.01, 0.05
REAL_ROWS_AT_ONCE = 500
NDJSON = "application/x-ndjson"

Row = dict[str, Any]


@dataclass(frozen=True)
class Delivery:
    """One body as a head-end posts it, under the key that makes a repetition known."""

    key: str
    content_type: str
    body: bytes
    rows: int


@dataclass(frozen=True)
class Meter:
    """A synthetic metering point's meter, with what its registers do."""

    serial: str
    modulus_wh: int
    from_s: int
    until_s: int | None
    start_wh: int | None
    stop_wh: int | None


@dataclass
class Point:
    """A metering point, the meters that sat there, and every version of every reading that is sent of it."""

    number: str
    maximum_kw: int
    meters: list[Meter] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    limit_kw: float = 0.0
    """What an hour's power is above every now and then."""


@dataclass(frozen=True)
class Traffic:
    """All that is sent of one town. before, after: deliveries up to the billed month's end, and those after it."""

    name: str
    points: list[Point]
    before: list[Delivery]
    after: list[Delivery]
    temperatures: list[dict[str, Any]]

    @property
    def station(self) -> str:
        """The weather station of every metering point."""
        return f"{self.name}-station"


def traffic(name: str, seed: int, data: Path | None) -> Traffic:
    """Make the traffic of a seed. Another name changes nothing but the numbers of points and meters.

    data: the folder of real material with a Danish meter, whose first ten months are sent; None has a synthetic meter
    instead.
    """
    chance = Random(seed)  # noqa: S311 - chance, not a secret
    synthetic = [_point(name, index, chance) for index in range(POINTS)]
    rounds = _dealt([row for point in synthetic for row in point.rows], chance)
    strangers = [_reading(f"{name}-stranger", _start_s() + hour * HOUR_S, 10_000, 250, chance) for hour in range(3)]
    rounds[5] += strangers
    real = _real_point(name, data) if data else _point(name, POINTS, chance)
    real.rows = _flawed(real.rows, chance)
    parts = _in_parts(real.rows, chance)
    turn = (BILLED_UNTIL_S - _start_s()) // ROUND_S + 1
    before = [rounds[index] for index in sorted(rounds) if index <= turn]
    spread = max(1, len(before) // len(parts))
    for index, part in enumerate(parts):
        before.insert(min(len(before), index * (spread + 1)), part)
    return Traffic(
        name,
        [*synthetic, real],
        list(_deliveries(f"{name}-before", before)),
        list(_deliveries(f"{name}-after", [rounds[index] for index in sorted(rounds) if index > turn])),
        list(_temperatures(f"{name}-station", chance)),
    )


def _start_s() -> int:
    return _midnight_s(FIRST_DAY)


def _end_s() -> int:
    return _midnight_s(END_DAY)


def _midnight_s(day: date) -> int:
    return int(datetime.combine(day, datetime.min.time(), STOCKHOLM).timestamp())


def _point(name: str, index: int, chance: Random) -> Point:
    """Let a register rise hour by hour; every tenth point's meter rolls over, every tenth is exchanged."""
    point = Point(f"{name}-{index:02}", maximum_kw=50)
    offset_s = 7 * 60 if index % 10 == 7 else 0
    rolls, is_exchanged = index % 10 == 8, index % 10 == 9
    true_wh, size_w = chance.randrange(2_000_000, 3_000_000), chance.randrange(2_000, 12_000)
    modulus = true_wh + 1_000_000 if rolls else 0
    begin_s = _midnight_s(FIRST_DAY if index < LONG_POINTS else FULL_FIRST_DAY)
    exchange_s = begin_s + 8 * 24 * HOUR_S + 1800 if is_exchanged else None
    old = Meter(f"{point.number}-A", modulus, begin_s - 24 * HOUR_S, exchange_s, None, None)
    point.meters.append(old)
    origin_wh = before_wh = 0
    point.limit_kw = size_w * 1.2 / 1000
    rows = []
    for at_s in range(begin_s + offset_s, _end_s() + offset_s + 1, HOUR_S):
        if exchange_s is not None and at_s > exchange_s and origin_wh == 0:
            origin_wh = true_wh - 500
            point.meters[0] = Meter(old.serial, modulus, old.from_s, exchange_s, None, before_wh + 100)
            point.meters.append(Meter(f"{point.number}-B", modulus, exchange_s, None, 400, None))
        before_wh, own_wh = true_wh, true_wh - origin_wh
        shown_wh = own_wh % modulus if modulus else own_wh
        rows.append(_reading(point.meters[-1].serial, at_s, shown_wh, own_wh // 40, chance))
        true_wh += 1_000 + int(size_w * chance.uniform(0.5, 1.0) * (2 if chance.random() < 0.01 else 1))
    # The numbered half is named by its metering point, as those are that no serial is known of.
    if index % 2 == 0 and not is_exchanged:
        rows = [{"metering_point": point.number, **_without(row, "serial")} for row in rows]
    point.rows = _flawed(rows, chance)
    return point


def _without(row: Row, name: str) -> Row:
    return {key: value for key, value in row.items() if key != name}


def _reading(serial: str, at_s: int, energy_wh: int, volume_l: int, chance: Random) -> Row:
    return {
        "serial": serial, "read_at": at_s, "recorded_at": at_s + 60, "energy_wh": energy_wh, "volume_l": volume_l,
        "supply_c": float(chance.randrange(700, 900)) / 10, "return_c": float(chance.randrange(300, 450)) / 10,
        "withdrawn": False,
    }  # fmt: skip


def _flawed(rows: list[Row], chance: Random) -> list[Row]:
    """Add to readings their corrections and withdrawals; late and double ones are a matter of the sending."""
    result = []
    for row in rows:
        result.append(row)
        if chance.random() < CORRECTED:
            result.append(row | {"energy_wh": row["energy_wh"] + 100, "recorded_at": row["recorded_at"] + 5 * HOUR_S})
        elif chance.random() < WITHDRAWN:
            result.append(row | {"withdrawn": True, "recorded_at": row["recorded_at"] + 2 * HOUR_S})
    return result


def _dealt(rows: Iterable[Row], chance: Random) -> dict[int, list[Row]]:
    """Deal readings to the rounds in which the head-end sends them; those of the billed month come before its end."""
    rounds: dict[int, list[Row]] = defaultdict(list)
    turn, last = ((until_s - _start_s()) // ROUND_S + 1 for until_s in (BILLED_UNTIL_S, _end_s()))
    for row in rows:
        latest = turn if row["read_at"] < BILLED_UNTIL_S else last
        for index in _sendings((row["recorded_at"] - _start_s()) // ROUND_S, 20, chance):
            rounds[min(index, latest) if latest == turn else max(min(index, latest), turn + 1)].append(row)
    return rounds


def _in_parts(rows: list[Row], chance: Random) -> list[list[Row]]:
    """Part the real meter's readings as an importer would, late and double ones too."""
    parts: dict[int, list[Row]] = defaultdict(list)
    last = len(rows) // REAL_ROWS_AT_ONCE
    for place, row in enumerate(rows):
        for index in _sendings(place // REAL_ROWS_AT_ONCE, 10, chance):
            parts[min(index, last)].append(row)
    return [parts[index] for index in sorted(parts)]


def _sendings(due: int, latest: int, chance: Random) -> Iterator[int]:
    yield due + (chance.randint(1, latest) if chance.random() < LATE else 0)
    if chance.random() < DOUBLED:
        yield due + chance.randint(0, latest)


def _deliveries(key: str, parts: list[list[Row]]) -> Iterator[Delivery]:
    for index, rows in enumerate(parts):
        content_type = (JSON, NDJSON, ARROW)[index % 3]
        yield Delivery(f"{key}-{index}", content_type, _body(rows, content_type), len(rows))


def _body(rows: list[Row], content_type: str) -> bytes:
    if content_type == ARROW:
        return stream(batch(rows))
    texts = [json.dumps({name: _text(name, value) for name, value in row.items()}) for row in rows]
    return "\n".join(texts).encode() if content_type == NDJSON else f"[{','.join(texts)}]".encode()


def _text(name: str, value: Any) -> Any:
    return _iso(value) if name in ("read_at", "recorded_at") else value


def _iso(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat()


def _real_point(name: str, data: Path) -> Point:
    point = Point(f"{name}-real", maximum_kw=100, limit_kw=9.0)
    with (data / "danish-relife/processed_final_data_sample.csv").open() as file:
        for line in csv.DictReader(file):
            at_s = int(datetime.fromisoformat(line["time_rounded"]).timestamp())
            if at_s >= _end_s():
                break
            point.rows.append({
                "metering_point": point.number, "read_at": at_s, "recorded_at": at_s, "withdrawn": False,
                "energy_wh": _thousand(line["energy_heat_kwh"]), "volume_l": _thousand(line["volume_flow_m3"]),
                "forward_lc": _thousand(line["inlet_flow_energy_m3xC"]),
                "return_lc": _thousand(line["back_flow_energy_m3xC"]),
            })  # fmt: skip
    return point


def _thousand(text: str) -> int:
    return int((Decimal(text) * 1000).quantize(Decimal(1), ROUND_HALF_UP))


def _temperatures(station: str, chance: Random) -> Iterator[dict[str, Any]]:
    """Give what the weather service posts: three days at a time, a tenth of it corrected later on."""
    for begin_s in range(_start_s(), _end_s(), 72 * HOUR_S):
        hours = [begin_s + hour * HOUR_S for hour in range(72)]
        observed = [(_iso(at_s), chance.randrange(-50, 180) / 10) for at_s in hours]
        values = [{"starts_at": at, "celsius": celsius} for at, celsius in observed]
        yield {"station_id": station, "recorded_at": _iso(hours[-1] + HOUR_S), "values": values}
        if chance.random() < 0.1:
            corrected = [{"starts_at": at, "celsius": celsius + 1} for at, celsius in observed[:5]]
            yield {"station_id": station, "recorded_at": _iso(hours[-1] + 9 * HOUR_S), "values": corrected}


def real_data() -> Path | None:
    """Give the folder of real material beside the project, None where it is not there."""
    folder = ROOT.parent / "shared" / "data"
    return folder if folder.is_dir() else None


def documents(town: Traffic) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give what staff put at contracts, in the order in which it must be known."""
    name = town.name
    prices = json.loads((ROOT / "services/contracts/price_lists/bas-2018.json").read_text())
    yield f"networks/{name}", {"name": "Nätet"}
    yield f"price-lists/{name}-bas", prices
    for point in town.points:
        number = point.number
        yield f"facilities/{number}", {
            "name": "Villa Ek", "address": "Ekvägen 1, 222 20 Lund", "category": "small_house", "network_id": name,
        }  # fmt: skip
        yield f"metering-points/{number}", {
            "facility_number": number, "station_id": town.station, "maximum_kw": point.maximum_kw,
        }  # fmt: skip
        yield f"customers/{number}", {"kind": "consumer", "name": "Eva Ek", "address": "Ekvägen 1, 222 20 Lund"}
        yield f"contracts/{number}", {
            "customer_number": number, "metering_point": number,
            "terms": [{"valid_from": "2018-01-01", "price_list_id": f"{name}-bas"}],
            "powers": [{"valid_from": "2018-01-01", "kw": "12.50"}],
        }  # fmt: skip


def meters(point: Point) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the documents of a point's meters for ingest."""
    for meter in point.meters:
        place = {
            "metering_point": point.number, "installed_at": _iso(meter.from_s),
            "removed_at": meter.until_s and _iso(meter.until_s),
            "start_wh": meter.start_wh, "stop_wh": meter.stop_wh,
        }  # fmt: skip
        yield f"meters/{meter.serial}", {"modulus_wh": meter.modulus_wh, "resolution_wh": 1, "installations": [place]}
