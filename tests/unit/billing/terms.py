"""Contracts and price lists to bill, with only what a test is about said aloud."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from schemas.contracts import ContractTerm, PowerInForce
from schemas.price_lists import PriceList, PriceListChanged
from schemas.values import ContractId, CustomerId, PointId, PriceListId
from services.billing.core.prices import Prices
from services.billing.core.terms import Contract

BAS = PriceListId("bas")


COMPONENTS: tuple[dict[str, Any], ...] = (
    {"type": "fixedPrice", "amount_per_year": "365"},
    {"type": "energyPrice", "seasons": [{"name": "Hela året", "months": list(range(1, 13)), "price_per_mwh": "531"}]},
    {
        "type": "powerPrice",
        "bands": [
            {"from_kw": "0", "to_kw": "100", "fixed_per_year": "10870", "per_kw_year": "1185"},
            {"from_kw": "100", "to_kw": None, "fixed_per_year": "15270", "per_kw_year": "1141"},
        ],
    },
)


def price_list(version: int = 1, valid_from: date = date(2020, 1, 1), mwh: str = "531", **more: Any) -> PriceList:
    """80 kW cost 105,670 kr a year, a MWh `mwh` kr all year."""
    seasons = [{"name": "Hela året", "months": list(range(1, 13)), "price_per_mwh": mwh}]
    components = [COMPONENTS[0], {"type": "energyPrice", "seasons": seasons}, COMPONENTS[2]]
    document = {"price_list_id": "bas", "version": version, "name": "Bas", "valid_from": valid_from}
    return PriceList.model_validate({**document, "components": components, **more})


def changed(*versions: PriceList) -> PriceListChanged:
    return PriceListChanged(price_list_id=BAS, version=versions[-1].version, versions=versions)


def lists(*versions: PriceList) -> Prices:
    return Prices({BAS: changed(*versions)})


def power(valid_from: date, kw: str = "80") -> PowerInForce:
    return PowerInForce(valid_from=valid_from, kw=Decimal(kw), method="entered", determination_id=None)


def contract(
    first: date = date(2020, 1, 1), end: date | None = None, powers: tuple[PowerInForce, ...] | None = None
) -> Contract:
    return Contract(
        ContractId(UUID(int=1)),
        "A-1",
        CustomerId(UUID(int=2)),
        PointId(1),
        (ContractTerm(valid_from=first, valid_to=end, price_list_id=BAS),),
        (power(first),) if powers is None else powers,
    )
