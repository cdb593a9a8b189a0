"""Staff's interface to the programs that may ask for facilities' tariffs: who they are, and their secrets."""

import secrets
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Response
from pydantic import BaseModel, ConfigDict, Field

from schemas.values import Key
from services.common import web
from services.contracts.core.documents import Text
from services.contracts.core.refusals import Refusal, RefusedError
from services.contracts.parts import Parts
from services.contracts.store import Change, tariff_clients
from services.contracts.store.tariff_clients import TariffClient

SECRET_BYTES = 32
MOST_FACILITIES = 100_000


class TariffClientDocument(BaseModel):
    """A program, and the facilities that it may ask for."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: Text
    facilities: Annotated[tuple[Key, ...], Field(max_length=MOST_FACILITIES)]


def add_to(api: FastAPI, parts: Parts) -> None:
    """Let staff systems see to the programs, with their own key."""
    api.include_router(_routes(parts), prefix="/v1", dependencies=[Depends(web.integration_key(parts.settings))])


def digest(secret: str) -> bytes:
    """Give what is stored of a secret. It is random and long, so that a plain hash cannot be guessed back."""
    return sha256(secret.encode()).digest()


def _routes(parts: Parts) -> APIRouter:
    router = web.router()
    database = parts.database

    @router.put("/tariff-clients/{client_id}")
    async def put_client(client_id: Key, document: TariffClientDocument, response: Response) -> dict[str, Any]:
        secret = secrets.token_urlsafe(SECRET_BYTES)
        client = TariffClient(client_id, document.name, sorted(set(document.facilities)))
        async with database.transaction() as tx:
            unknown = await tariff_clients.unknown_facilities(tx, client.facilities)
            if unknown:
                detail = f"there is no facility '{unknown[0]}'; put the facility first"
                raise RefusedError(Refusal.UNKNOWN_FACILITY, detail)
            change = await tariff_clients.put(tx, client, digest(secret))
        response.status_code = web.status_of(change)
        shown = {"secret": secret} if change is Change.CREATED else {}
        return {"result": change.value, "client_id": client_id, **shown}

    @router.get("/tariff-clients")
    async def list_clients() -> dict[str, list[dict[str, Any]]]:
        async with database.transaction() as tx:
            return {"tariff_clients": [one._asdict() for one in await tariff_clients.every(tx)]}

    @router.post("/tariff-clients/{client_id}/secret")
    async def renew_secret(client_id: Key) -> dict[str, str]:
        secret = secrets.token_urlsafe(SECRET_BYTES)
        async with database.transaction() as tx:
            if not await tariff_clients.renew_secret(tx, client_id, digest(secret)):
                raise _missing(client_id)
        return {"client_id": client_id, "secret": secret}

    @router.delete("/tariff-clients/{client_id}", status_code=204)
    async def remove_client(client_id: Key) -> None:
        async with database.transaction() as tx:
            if not await tariff_clients.remove(tx, client_id):
                raise _missing(client_id)

    return router


def _missing(client_id: str) -> web.Problem:
    return web.Problem(404, "not_found", f"There is no tariff client '{client_id}' here.")
