"""The withdrawal of a price list by HTTP: announced, or only tried, and looked at."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from schemas.values import Key
from services.common import web
from services.contracts.core import documents
from services.contracts.costs_api import energy_profiles
from services.contracts.economists import Asking, Decider
from services.contracts.parts import Parts
from services.contracts.store import Change, withdrawals
from services.contracts.withdrawing import Moved, withdraw


def routes(parts: Parts, asking: Asking) -> APIRouter:
    """Give the requests about withdrawals."""
    router = web.router()
    database, profiles = parts.database, energy_profiles(parts)

    @router.put("/price-lists/{price_list_id}/withdrawal")
    async def withdraw_price_list(
        price_list_id: Key,
        document: documents.Withdrawal,
        response: Response,
        economist: Annotated[Decider, Depends(asking)],
    ) -> dict[str, Any]:
        # Who decides under a session of his own is who that session says he is.
        wanted = document if economist.name is None else document.model_copy(update={"who": economist.name})
        async with database.transaction() as tx:
            change, moved = await withdraw(tx, price_list_id, wanted, profiles, parts.today())
        response.status_code = 201 if change is Change.CREATED else 200
        return {
            "result": "dry_run" if document.dry_run else change.value,
            "contracts": [_answer(one) for one in moved],
        }

    @router.get("/price-lists/{price_list_id}/withdrawal")
    async def get_withdrawal(price_list_id: Key) -> dict[str, Any]:
        async with database.transaction() as tx:
            known = {one.price_list_id: one for one in await withdrawals.withdrawals(tx)}
            told = await withdrawals.notices(tx, price_list_id)
        if price_list_id not in known:
            raise web.Problem(404, "not_found", f"There is no withdrawal of price list '{price_list_id}' here.")
        return {**known[price_list_id]._asdict(), "notices": [one._asdict() for one in told]}

    return router


def _answer(one: Moved) -> dict[str, Any]:
    told = one.told
    return {
        "contract_number": one.contract_number,
        "replaced_by": told.replaced_by,
        "costs": told.costs,
        "lacks": told.lacks,
        "options_end": told.options_end,
    }
