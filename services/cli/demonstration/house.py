"""The Danish house: the real registers of one heat meter, with the temperatures outside."""

import os
from pathlib import Path
from typing import NamedTuple

from deploy.local.folder import ROOT
from deploy.local.services import CONTRACTS, INGEST_API
from deploy.local.stack import Stack
from services.cli.demonstration.steps import Steps
from services.cli.price_lists import put_shipped
from services.cli.readings_import import import_readings, open_readings, profile_of
from services.cli.requests import Client
from services.cli.weather_import import import_weather, open_weather
from services.ingest.sending.report import ImportReport
from services.ingest.sources.readings_file import Named

READINGS = "danish-relife/processed_final_data_sample.csv"
WEATHER = "weather/temperature_hourly_2018_2019_aalborg.csv"
PRICE_LIST = "bas"
POINT = "DK-660"
CUSTOMER = "DK-772"
WINTERS = ("2017/2018", "2018/2019", "2019/2020")
MONTHS = [f"{year}-{month:02d}" for year in (2018, 2019, 2020) for month in range(1, 13)][1:]
"""The readings begin on 3 January 2018, so February is the first whole month."""
PATIENCE_S = 60.0
WAIT_S = 120.0


class Files(NamedTuple):
    """The two files that the house's figures come from."""

    readings: Path
    weather: Path


def files() -> Files | None:
    """Find the real data beside the project, or in KULVERT_SHARED_DATA; None where it is not."""
    folder = Path(os.environ.get("KULVERT_SHARED_DATA", ROOT.parent / "shared" / "data"))
    found = Files(folder / READINGS, folder / WEATHER)
    return found if all(path.is_file() for path in found) else None


def register(stack: Stack) -> None:
    """Put the house, its customer, contract and price list; doing it again changes nothing. Raises RequestError."""
    with Client(stack, CONTRACTS, patience_s=PATIENCE_S) as contracts:
        put_shipped(contracts, PRICE_LIST)
        for path, document in _documents().items():
            contracts.ask("PUT", f"/v1/{path}", json=document)
    with Client(stack, INGEST_API, patience_s=PATIENCE_S) as ingest:
        ingest.ask("PUT", "/v1/stations/aalborg", json={"name": "Aalborg"})


def _documents() -> dict[str, object]:
    terms = [{"valid_from": "2018-01-01", "price_list_id": PRICE_LIST}]
    powers = [{"valid_from": "2018-01-01", "kw": "8"}]
    contract = {"customer_number": CUSTOMER, "metering_point": POINT, "terms": terms, "powers": powers}
    return {
        "networks/aalborg": {"name": "Aalborg"},
        "facilities/DK-HUS": {
            "name": "Huset i Aalborg",
            "address": "Villavej 660, Aalborg",
            "category": "small_house",
            "network_id": "aalborg",
        },
        f"metering-points/{POINT}": {"facility_number": "DK-HUS", "station_id": "aalborg"},
        f"customers/{CUSTOMER}": {"kind": "consumer", "name": "Anna Jensen", "address": "Villavej 660, Aalborg"},
        f"contracts/{POINT}-A": contract,
    }


def import_house(stack: Stack, found: Files, steps: Steps) -> ImportReport:
    """Import temperatures and registers and wait until they are judged. Raises StackError."""
    weather = open_weather(found.weather, profile_of("dmi-hourly"))
    with steps.bar("  temperatures of Aalborg, 2018 and 2019", len(weather.found.starts_s)) as bar:
        import_weather(stack, weather, ("aalborg", None), WAIT_S, lambda _: None, bar)
    readings = open_readings(found.readings, profile_of("danish-relife"), Named(POINT, None))
    with steps.bar("  registers of a Danish heat meter, 2018 to 2020", readings.found.readings.num_rows) as bar:
        return import_readings(stack, readings, WAIT_S, lambda _: None, bar)
