"""What a new version of a price list does to its customers, as an economist asks before it is in force."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query

from schemas.price_lists import PriceList
from schemas.values import Key
from services.common import web
from services.contracts.core import effect as core
from services.contracts.core.refusals import Refusal, RefusedError
from services.contracts.parts import Parts
from services.contracts.store import price_lists, usage
from services.contracts.used_months import used_by

KRONA = 100
Version = Annotated[int, Query(ge=1)]
Year = Annotated[int, Query(ge=1990, le=2060)]


def routes(parts: Parts) -> APIRouter:
    """Give the requests about the effect of a version."""
    router = web.router()

    @router.get("/price-lists/{price_list_id}/effect")
    async def get_effect(
        price_list_id: Key, before: Version, after: Version, year: Year, on: date | None = None
    ) -> dict[str, Any]:
        async with parts.database.transaction() as tx:
            versions = {one.version: one for one in await price_lists.versions(tx, price_list_id)}
            old, new = (_version(versions, price_list_id, number) for number in (before, after))
            medium, day = old.extension.medium.value, on or parts.today()
            contracts = await used_by(
                tx, await usage.of_price_list(tx, price_list_id, medium, day, year), (old, new), year
            )
            lacks = [one._asdict() for one in await price_lists.options_without_price(tx, price_list_id, new)]
        both = _costs(old, contracts), _costs(new, contracts)
        if not contracts.numbers:
            told = f"no contract is on '{price_list_id}' on {day}; ask for a day on which one is"
            raise RefusedError(Refusal.NO_CONTRACTS, told)
        found = core.effect(*both)
        asked = {"before": before, "after": after, "year": year, "on": day}
        return _answer(found, contracts) | asked | {"options_without_price": lacks}

    return router


def _version(versions: dict[int, PriceList], price_list_id: str, number: int) -> PriceList:
    if number not in versions:
        known = ", ".join(map(str, sorted(versions))) or "none"
        raise RefusedError(
            Refusal.UNKNOWN_PRICE_LIST, f"there is no version {number} of '{price_list_id}'; there is {known}"
        )
    return versions[number]


def _costs(version: PriceList, contracts: usage.Contracts) -> core.Costs:
    year = core.reference_year(version)
    if year is None:
        raise RefusedError(
            Refusal.NO_WHOLE_YEAR, f"version {version.version} holds no whole calendar year, so that no year has a cost"
        )
    try:
        return core.costs(version, year, contracts.usage)
    except ValueError as error:
        raise RefusedError(Refusal.NO_WHOLE_YEAR, f"version {version.version}: {error}") from error


def _answer(found: core.Effect, contracts: usage.Contracts) -> dict[str, Any]:
    sums = {
        "contracts": found.contracts,
        "left_out": found.left_out,
        "left_out_for": found.left_out_for,
        "before_kr": found.before_ore / KRONA,
        "after_kr": found.after_ore / KRONA,
        "general_percent": found.general_percent,
    }
    beyond = {
        "mean_percent": found.mean_percent,
        "spread_percent": found.spread_percent,
        "percentiles": found.percentiles,
        "gain_most": [_contract(one, contracts) for one in found.gain_most],
        "lose_most": [_contract(one, contracts) for one in found.lose_most],
    }
    return sums | {"beyond_the_general": beyond}


def _contract(one: core.OfContract, contracts: usage.Contracts) -> dict[str, Any]:
    return {
        "contract_number": contracts.numbers[one.place],
        "facility": contracts.facilities[one.place],
        "before_kr": one.before_ore / KRONA,
        "after_kr": one.after_ore / KRONA,
        "beyond_kr": one.beyond_ore / KRONA,
        "beyond_percent": one.beyond_percent,
    }
