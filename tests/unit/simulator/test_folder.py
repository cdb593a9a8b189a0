"""A town's files are what the services take, and hold the same as the town."""

import csv
import json
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pydantic import BaseModel

from schemas.readings import METER_READINGS
from schemas.short_price_lists import ShortPriceList
from services.cli.simulator import folder
from services.cli.simulator.documents import OF_CONTRACTS, OF_INGEST, documents
from services.cli.simulator.flaws import NO_FLAWS, Flaw
from services.cli.simulator.town import Town, town
from services.contracts.core import documents as of_contracts
from services.ingest.core import documents as of_ingest
from tests.unit.simulator.towns import delivered

MODELS: dict[str, type[BaseModel]] = {
    "networks": of_contracts.Network,
    "facilities": of_contracts.Facility,
    "metering-points": of_contracts.MeteringPoint,
    "customers": of_contracts.Customer,
    "contracts": of_contracts.Contract,
    "price-lists": ShortPriceList,
    "stations": of_ingest.Station,
    "meters": of_ingest.Meter,
}


@pytest.fixture(scope="module")
def small() -> Town:
    rates = {**NO_FLAWS, Flaw.EXCHANGE: 20.0, Flaw.CORRECTION: 0.01, Flaw.RESOLUTION: 0.5}
    return town(11, 40, date(2024, 1, 1), date(2024, 1, 15), rates)


@pytest.fixture(scope="module")
def files(small: Town, tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("town")
    written = folder.write(small, to, with_csv=True)
    assert sorted(written) == sorted(file for file in to.rglob("*") if file.is_file())
    return to


def test_documents_are_what_the_services_take(small: Town) -> None:
    of_kind = documents(small)
    assert set(of_kind) == set(OF_CONTRACTS) | set(OF_INGEST) == set(MODELS)
    for kind, of_number in of_kind.items():
        assert of_number
        for document in of_number.values():
            # From JSON, as over HTTP.
            MODELS[kind].model_validate_json(json.dumps(document))


def test_documents_name_only_what_is_documented(small: Town) -> None:
    of_kind = documents(small)
    for facility in of_kind["facilities"].values():
        assert facility["network_id"] in of_kind["networks"]
    for point in of_kind["metering-points"].values():
        assert point["facility_number"] in of_kind["facilities"]
        assert point["station_id"] in of_kind["stations"]
    for contract in of_kind["contracts"].values():
        assert contract["customer_number"] in of_kind["customers"]
        assert contract["metering_point"] in of_kind["metering-points"]
    for meter in of_kind["meters"].values():
        assert meter["installations"][0]["metering_point"] in of_kind["metering-points"]


def test_an_exchanged_meter_is_removed_when_the_next_one_is_installed(small: Town) -> None:
    installations = [meter["installations"][0] for meter in documents(small)["meters"].values()]
    at_point = Counter(place["metering_point"] for place in installations)
    assert 2 in at_point.values()
    for number in (number for number, meters in at_point.items() if meters == 2):
        first, second = sorted(
            (place for place in installations if place["metering_point"] == number),
            key=lambda place: place["installed_at"],
        )
        assert first["removed_at"] == second["installed_at"]
        assert second["removed_at"] is None
        assert first["stop_wh"] > second["start_wh"] > 0


def test_the_reference_files_hold_the_documents(small: Town, files: Path) -> None:
    for kind, of_number in documents(small).items():
        assert json.loads((files / "reference" / f"{kind}.json").read_text()) == of_number


def test_the_arrow_files_hold_every_reading_in_the_order_of_delivery(small: Town, files: Path) -> None:
    parts = []
    for file in sorted((files / "readings").glob("*.arrow")):
        with pa.ipc.open_stream(file) as stream:
            assert stream.schema.equals(METER_READINGS)
            parts.append(stream.read_all())
    assert pa.concat_tables(parts).equals(delivered(small))


def test_the_csv_file_holds_the_same_registers_in_kwh_and_cubic_metres(small: Town, files: Path) -> None:
    with (files / "readings.csv").open(newline="") as text:
        rows = list(csv.DictReader(text, delimiter=";"))
    readings = delivered(small).to_pylist()
    assert len(rows) == len(readings)
    for row, reading in zip(rows, readings, strict=True):
        assert Decimal(row["energy_kwh"]) * 1000 == reading["energy_wh"]
        assert Decimal(row["volume_m3"]) * 1000 == reading["volume_l"]
        assert row["read_at"] == f"{reading['read_at']:%Y-%m-%dT%H:%M:%SZ}"
        assert (row["serial"] or None, row["metering_point"] or None) == (reading["serial"], reading["metering_point"])
        assert (row["return_c"] == "") == (reading["return_c"] is None)


def test_the_weather_file_holds_each_hour_of_each_station(small: Town, files: Path) -> None:
    with (files / "weather.csv").open(newline="") as text:
        rows = list(csv.DictReader(text))
    assert Counter(row["station_id"] for row in rows) == dict.fromkeys(small.stations, 14 * 24)
    assert [float(row["celsius"]) for row in rows] == small.temperature_c.ravel().tolist()
    # Midnight in Stockholm.
    assert rows[0]["starts_at"] == "2023-12-31T23:00:00Z"


def test_the_true_hours_sum_to_the_totals(files: Path) -> None:
    hours = pq.read_table(files / "truth/hours.parquet")
    by_point = hours.group_by("metering_point").aggregate([("energy_wh", "sum"), ("volume_l", "sum")]).to_pylist()
    sums = {one["metering_point"]: (one["energy_wh_sum"], one["volume_l_sum"]) for one in by_point}
    totals = json.loads((files / "truth/totals.json").read_text())
    assert sums == {one["metering_point"]: (one["energy_wh"], one["volume_l"]) for one in totals}
    assert pc.min(hours["energy_wh"]).as_py() >= 0
