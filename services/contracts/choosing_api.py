"""HTTP for a contract's options: who sees the contract reads them, the customer's administrator chooses."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from schemas.values import Key
from services.common import web
from services.contracts import choosing
from services.contracts.costs_api import key_or_session, visible_contract
from services.contracts.parts import Parts

Session = Annotated[str, Header(alias="Kulvert-Session", min_length=1, max_length=200)]


class Choice(BaseModel):
    """The options that the contract is to have, and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # One that is named twice is chosen once.
    options: Annotated[tuple[Key, ...], Field(max_length=50), AfterValidator(lambda named: tuple(dict.fromkeys(named)))]


def routes(parts: Parts) -> APIRouter:
    """Give what staff systems may ask with their key, and a visitor by his session; only he can choose."""
    router = web.router()
    asking = key_or_session(parts)

    @router.get("/contracts/{contract_number}/options")
    async def get(contract_number: Key, session: Annotated[str | None, Depends(asking)]) -> dict[str, Any]:
        async with parts.database.transaction() as tx:
            asked = await visible_contract(tx, parts, contract_number, session)
            return await choosing.choices(tx, asked.contract, session, asked.today)

    @router.post("/contracts/{contract_number}/options", status_code=201)
    async def post(contract_number: Key, choice: Choice, session: Session) -> dict[str, Any]:
        return (await choosing.choose(parts, session, contract_number, choice.options))._asdict()

    return router
