"""A town's reference data: the documents that staff systems would put, by kind and number."""

from collections.abc import Mapping
from typing import Any

from schemas.facilities import Category
from schemas.values import Medium
from services.cli.simulator.buildings import Building
from services.cli.simulator.calendar import iso
from services.cli.simulator.metering import Meter, MeteringPoint
from services.cli.simulator.town import Town

Document = dict[str, Any]
HEAT_PRICE_LIST, COOLING_PRICE_LIST = "bas", "kyla"
OF_CONTRACTS = ("networks", "facilities", "metering-points", "customers", "price-lists", "contracts")
"""In the order in which each needs the ones before. All are put as /v1/<kind>/<number>."""
OF_INGEST = ("stations", "meters")

STREETS = (
    "Storgatan", "Kungsgatan", "Skolgatan", "Parkvägen", "Björkvägen", "Järnvägsgatan", "Ringvägen", "Åvägen",
    "Kyrkogatan", "Lingonstigen", "Hamngatan", "Tallvägen",
)  # fmt: skip
NAMES = ("Eken", "Linden", "Kvarnen", "Ängen", "Falken", "Svanen", "Smedjan", "Rönnen", "Ugglan", "Källan", "Tärnan")
FAMILIES = ("Andersson", "Berg", "Dahl", "Ek", "Forsberg", "Holm", "Karlsson", "Lind", "Nyström", "Sjöberg", "Öberg")
KIND_WORDS = {
    Category.SMALL_HOUSE: "Villa", Category.APARTMENTS: "Kvarteret", Category.PREMISES: "Affärshuset",
    Category.PUBLIC: "Skolan", Category.INDUSTRY: "Verkstaden",
}  # fmt: skip
OWNERS = {
    Category.APARTMENTS: "Bostadsrättsföreningen", Category.PREMISES: "Fastighets AB", Category.INDUSTRY: "Industri AB",
}  # fmt: skip


def documents(town: Town) -> Mapping[str, Mapping[str, Document]]:
    """Give every document of a town: kind, then number, then the document as the services' interfaces take it.

    The price list for heat is the utility's own, so that only its name is needed here.
    """
    points = {point.number: point for point in town.points}
    return {
        "networks": {town.name: {"name": f"Simulated town {town.seed}"}},
        "facilities": {facility_number(town, one): _facility(town, one) for one in town.buildings},
        "metering-points": {
            number: {
                "facility_number": facility_number(town, point.building),
                "medium": point.medium.value,
                "station_id": town.station(point.building.station),
                "maximum_kw": point.maximum_kw,
            }
            for number, point in points.items()
        },
        "customers": {customer_number(town, one): _customer(one) for one in town.buildings},
        "price-lists": {COOLING_PRICE_LIST: _cooling_price_list()},
        "contracts": {f"{number}-A": _contract(town, point) for number, point in points.items()},
        "stations": {name: {"name": f"Station {name}"} for name in town.stations},
        "meters": {meter.serial: _meter(town, meter) for meter in town.meters},
    }


def facility_number(town: Town, building: Building) -> str:
    """Give the number under which a building is known."""
    return f"{town.name}-{building.number:05d}"


def customer_number(town: Town, building: Building) -> str:
    """Give the number of who pays for a building; the municipality pays for all that is public."""
    if building.category is Category.PUBLIC:
        return f"{town.name}-KOMMUN"
    return f"{town.name}-K{building.number:05d}"


def _facility(town: Town, one: Building) -> Document:
    return {
        "name": f"{KIND_WORDS[one.category]} {_name(one)}",
        "address": _address(one),
        "area": f"Stadsdel {1 + one.station}",
        "category": one.category.value,
        "activity": one.activity.value,
        "network_id": town.name,
    }


def _name(one: Building) -> str:
    return f"{NAMES[one.number % len(NAMES)]} {1 + one.number // len(NAMES)}"


def _address(one: Building) -> str:
    return f"{STREETS[one.number % len(STREETS)]} {1 + one.number // len(STREETS)}"


def _customer(one: Building) -> Document:
    if one.category is Category.PUBLIC:
        return {"kind": "business", "name": "Kommunen", "address": "Rådhustorget 1"}
    if one.category is Category.SMALL_HOUSE:
        return {
            "kind": "consumer",
            "name": f"Familjen {FAMILIES[one.number % len(FAMILIES)]}",
            "address": _address(one),
        }
    return {"kind": "business", "name": f"{OWNERS[one.category]} {_name(one)}", "address": _address(one)}


def _contract(town: Town, point: MeteringPoint) -> Document:
    is_heat = point.medium is Medium.HEAT
    power_w = point.building.power_at_minus_five_w if is_heat else point.design_w
    begins = town.first_day.isoformat()
    return {
        "customer_number": customer_number(town, point.building),
        "metering_point": point.number,
        "terms": [{"valid_from": begins, "price_list_id": HEAT_PRICE_LIST if is_heat else COOLING_PRICE_LIST}],
        "powers": [{"valid_from": begins, "kw": str(max(round(power_w / 1000), 1))}],
    }


def _cooling_price_list() -> Document:
    return {
        "name": "Prislista Kyla",
        "medium": "cooling",
        "valid_from": "2018-01-01",
        "components": [
            {"type": "fixedPrice", "amount_per_year": "2400.00"},
            {
                "type": "energyPrice",
                "seasons": [{"name": "Hela året", "months": list(range(1, 13)), "price_per_mwh": "320.00"}],
            },
        ],
    }


def _meter(town: Town, meter: Meter) -> Document:
    start_wh, start_l = meter.start or (None, None)
    stop_wh, stop_l = meter.stop or (None, None)
    return {
        "modulus_wh": meter.modulus_wh,
        "modulus_l": 0,
        "resolution_wh": meter.resolution_wh,
        "installations": [
            {
                "metering_point": town.points[meter.point].number,
                "installed_at": iso(meter.installed_s),
                "removed_at": None if meter.removed_s is None else iso(meter.removed_s),
                "start_wh": start_wh,
                "stop_wh": stop_wh,
                "start_l": start_l,
                "stop_l": stop_l,
            }
        ],
    }
