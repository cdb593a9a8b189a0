"""By how much water is to be cooled is a setting of the network, told of with its facilities."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local.stack import Stack
from schemas.facilities import FacilityChanged
from schemas.topics import FACILITIES_CHANGED
from tests.integration.contracts_house import put, serving
from tests.integration.looking import told

HEAT, COOLING = "heat_target_delta_t_c", "cooling_target_delta_t_c"


@pytest.fixture(scope="module")
def api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(stack, tmp_path_factory.mktemp("targets") / "contracts.log") as client:
        yield client


class Site:
    """A network with one facility, which takes heat and cooling."""

    def __init__(self, api: httpx.Client) -> None:
        tag = uuid4().hex[:8]
        self.network = f"/v1/networks/N{tag}"
        put(api, self.network, {"name": "Norra nätet"})
        facility = {"name": "Huset", "address": "Gatan", "category": "premises", "network_id": f"N{tag}"}
        self.facility_id = put(api, f"/v1/facilities/F{tag}", facility).json()["facility_id"]
        for medium in ("heat", "cooling"):
            put(api, f"/v1/metering-points/{tag}-{medium}", {"facility_number": f"F{tag}", "medium": medium})


def targets(stack: Stack, site: Site, at_least: int) -> list[dict[str, float | None]]:
    events: list[FacilityChanged] = told(stack, FACILITIES_CHANGED, site.facility_id, FacilityChanged, at_least)
    assert [event.version for event in events] == sorted({event.version for event in events})
    return [{point.medium.value: point.target_delta_t_c for point in event.points} for event in events]


def test_a_network_of_which_nothing_is_said_cools_by_45_degrees_and_warms_by_8(api: httpx.Client, stack: Stack) -> None:
    assert targets(stack, Site(api), 3)[-1] == {"heat": 45, "cooling": 8}


def test_facilities_are_told_of_anew_where_a_target_changes_and_only_there(api: httpx.Client, stack: Stack) -> None:
    site = Site(api)
    whole: dict[str, Any] = {"name": "Norra nätet", HEAT: "50", COOLING: 7.5}
    assert put(api, site.network, whole).json()["result"] == "changed"
    assert put(api, site.network, whole).json()["result"] == "unchanged"
    assert put(api, site.network, whole | {"name": "Nordnätet"}).json()["result"] == "changed"
    told_of = targets(stack, site, 4)
    assert len(told_of) == 4
    assert told_of[-1] == {"heat": 50, "cooling": 7.5}
    assert put(api, site.network, {"name": "Nordnätet"}).json()["result"] == "changed"
    assert targets(stack, site, 5)[-1] == {"heat": 45, "cooling": 8}


@pytest.mark.parametrize(
    ("field", "value", "detail"),
    [
        (HEAT, 4.9, "it must be 5 or more"),
        (HEAT, 80.1, "it must be 80 or less"),
        (COOLING, 0.9, "it must be 1 or more"),
        (COOLING, 20.1, "it must be 20 or less"),
        (COOLING, 7.55, "write at most 1 decimals"),
    ],
)
def test_a_target_that_no_network_has_is_refused_by_name(
    api: httpx.Client, field: str, value: float, detail: str
) -> None:
    refused = put(api, "/v1/networks/doubtful", {"name": "Norra nätet", field: value})
    assert refused.status_code == 422
    assert field in refused.text
    assert detail in refused.text


def test_targets_come_by_table_too(api: httpx.Client, stack: Stack) -> None:
    site = Site(api)
    table = f"network_id,name,{HEAT}\n{site.network.removeprefix('/v1/networks/')},Norra nätet,48.5\n"
    sent = api.post("/v1/import/networks", content=table.encode(), headers={"Content-Type": "text/csv"}).json()
    assert (sent["lines"], sent["changed"]) == (1, 1)
    assert targets(stack, site, 4)[-1] == {"heat": 48.5, "cooling": 8}


def test_each_facility_of_a_network_is_told_of_with_its_own_points_and_no_other_network(
    api: httpx.Client, stack: Stack
) -> None:
    site, elsewhere = Site(api), Site(api)
    network = site.network.removeprefix("/v1/networks/")
    facility = {"name": "Skolan", "address": "Gatan", "category": "premises", "network_id": network}
    heated = put(api, f"/v1/facilities/S{network}", facility).json()["facility_id"]
    put(api, f"/v1/metering-points/S{network}", {"facility_number": f"S{network}", "medium": "heat"})
    empty = put(api, f"/v1/facilities/E{network}", facility | {"name": "Tomten"}).json()["facility_id"]
    assert put(api, site.network, {"name": "Norra nätet", HEAT: "50"}).json()["result"] == "changed"
    assert targets(stack, site, 4)[-1] == {"heat": 50, "cooling": 8}
    of_school: list[FacilityChanged] = told(stack, FACILITIES_CHANGED, heated, FacilityChanged, 3)
    of_empty: list[FacilityChanged] = told(stack, FACILITIES_CHANGED, empty, FacilityChanged, 2)
    assert [point.number for point in of_school[-1].points] == [f"S{network}"]
    assert (of_school[-1].facility_name, of_empty[-1].facility_name) == ("Skolan", "Tomten")
    assert of_empty[-1].points == ()
    assert of_empty[-1].version > of_empty[0].version
    assert len(targets(stack, elsewhere, 3)) == 3
