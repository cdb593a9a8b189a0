"""A town as files: readings, weather, reference documents and the truth."""

import csv
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from schemas.readings import METER_READINGS, READINGS_PER_MESSAGE
from services.cli.simulator import truth
from services.cli.simulator.calendar import iso
from services.cli.simulator.documents import documents
from services.cli.simulator.town import Town

ROWS_PER_FILE = 1_000_000
THOUSANDTH = Decimal("0.001")
CSV_SCALES = {
    "energy_kwh": "energy_wh",
    "volume_m3": "volume_l",
    "forward_m3c": "forward_lc",
    "return_m3c": "return_lc",
}


def write(town: Town, to: Path, *, with_csv: bool) -> list[Path]:
    """Write everything about a town below a folder; gives the files written. Raises OSError."""
    for name in ("readings", "reference", "truth"):
        (to / name).mkdir(parents=True, exist_ok=True)
    written = [*_readings(town, to / "readings"), _weather(town, to / "weather.csv")]
    if with_csv:
        written.append(_csv(town, to / "readings.csv"))
    for kind, of_kind in documents(town).items():
        written.append(_json(to / "reference" / f"{kind}.json", of_kind))
    return [*written, *_truth(town, to / "truth")]


def _readings(town: Town, to: Path) -> list[Path]:
    files = []
    for number, batch in enumerate(town.batches(ROWS_PER_FILE), start=1):
        file = to / f"readings-{number:04d}.arrow"
        with pa.ipc.new_stream(str(file), METER_READINGS) as stream:
            stream.write_table(batch.readings, max_chunksize=READINGS_PER_MESSAGE)
        files.append(file)
    return files


def _csv(town: Town, file: Path) -> Path:
    """Write readings as head-ends export them: semicolons, kWh and m3, times with their offset."""
    options = pa.csv.WriteOptions(delimiter=";", quoting_style="none")
    with file.open("wb") as out:
        for number, batch in enumerate(town.batches(ROWS_PER_FILE)):
            options.include_header = number == 0
            pa.csv.write_csv(_as_exported(batch.readings), out, options)
    return file


def _as_exported(readings: pa.Table) -> pa.Table:
    columns = {name: readings[name] for name in ("serial", "metering_point")}
    for name in ("read_at", "recorded_at"):
        columns[name] = pc.strftime(readings[name].cast(pa.timestamp("s", "UTC")), "%Y-%m-%dT%H:%M:%SZ")
    for name, register in CSV_SCALES.items():
        columns[name] = _thousandths(readings[register])
    samples = {name: readings[name] for name in ("flow_l_per_h", "power_w", "supply_c", "return_c")}
    return pa.table(columns | samples | {"withdrawn": readings["withdrawn"]})


def _thousandths(whole: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give integers as decimal numbers of thousands, exactly: 5347614 becomes 5347.614."""
    return pc.multiply(whole.cast(pa.decimal128(19, 0)), pa.scalar(THOUSANDTH, pa.decimal128(4, 3)))


def _weather(town: Town, file: Path) -> Path:
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["station_id", "starts_at", "celsius"])
        starts_at = [iso(at_s) for at_s in town.temperature_s.tolist()]
        for name, celsius in zip(town.stations, town.temperature_c.tolist(), strict=True):
            writer.writerows([name, at, value] for at, value in zip(starts_at, celsius, strict=True))
    return file


def _truth(town: Town, to: Path) -> list[Path]:
    flaws, hours, totals = to / "flaws.jsonl", to / "hours.parquet", to / "totals.json"
    with flaws.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(line) + "\n" for line in truth.flaws(town))
    pq.write_table(truth.hours(town), hours, compression="zstd")
    return [flaws, hours, _json(totals, truth.totals(town))]


def _json(file: Path, value: Mapping[str, Any] | Sequence[Any]) -> Path:
    file.write_text(json.dumps(value, indent=1, ensure_ascii=False), encoding="utf-8")
    return file
