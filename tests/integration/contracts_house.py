"""A house put at the contracts service, and what its topics tell."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from deploy.local.folder import ROOT
from deploy.local.services import CONTRACTS
from deploy.local.stack import Stack
from tests.running import running

BAS_2018 = json.loads((ROOT / "services/contracts/price_lists/bas-2018.json").read_text())


@contextmanager
def serving(stack: Stack, log: Path) -> Iterator[httpx.Client]:
    """Run the contracts service, with one network and one price list."""
    with running(stack, CONTRACTS, log) as client:
        put_first(client)
        yield client


def put_first(client: httpx.Client) -> None:
    """Put what every house needs: a network and a price list."""
    assert put(client, "/v1/networks/aalborg", {"name": "Aalborg"}).status_code in (200, 201)
    assert put(client, "/v1/price-lists/bas", BAS_2018).status_code in (200, 201)


def put(client: httpx.Client, path: str, document: dict[str, Any]) -> httpx.Response:
    return client.put(path, json=document)


class House:
    """A facility with one metering point and one customer, put under numbers of its own."""

    def __init__(self, api: httpx.Client, number: str | None = None, **point: Any) -> None:
        self.number = number or uuid4().hex[:8]
        facility = {
            "name": "Villa Ek",
            "address": "Ekvägen 1",
            "category": "small_house",
            "activity": "seven_day",
            "network_id": "aalborg",
        }
        customer = {"kind": "consumer", "name": "Eva Ek", "address": "Ekvägen 1"}
        self.facility_id = put(api, f"/v1/facilities/F{self.number}", facility).json()["facility_id"]
        metering_point = {"facility_number": f"F{self.number}", "station_id": f"S{self.number}", **point}
        self.point_id = put(api, f"/v1/metering-points/P{self.number}", metering_point).json()["point_id"]
        self.customer_id = put(api, f"/v1/customers/C{self.number}", customer).json()["customer_id"]

    def contract(self, **other: Any) -> dict[str, Any]:
        return {
            "customer_number": f"C{self.number}",
            "metering_point": f"P{self.number}",
            "terms": [{"valid_from": "2018-01-01", "price_list_id": "bas"}],
            "powers": [{"valid_from": "2018-01-01", "kw": "10"}],
            **other,
        }
