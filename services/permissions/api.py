"""The service's HTTP interface: people and grants from staff systems, log-in for the gateway."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Header, Response
from psycopg.errors import UniqueViolation
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from schemas.grants import Level
from schemas.identity_numbers import personal_number
from schemas.values import CustomerId, Key, UserId
from services.common import web
from services.common.identity_seal import Sealer
from services.common.postgres import Database, Transaction
from services.permissions import handlers, metrics
from services.permissions.settings import PermissionsSettings
from services.permissions.store import grants, people

ACTOR = "integration"
Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Email = Annotated[str, Field(max_length=200, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+$")]
LinkToken = Annotated[str, Field(min_length=20, max_length=100)]


@dataclass(frozen=True)
class Parts:
    """What the requests need."""

    database: Database
    sealer: Sealer
    settings: PermissionsSettings


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def _checked(number: SecretStr) -> SecretStr:
    return SecretStr(personal_number(number.get_secret_value()))


class Person(_Document):
    """A person who logs in. staff_role: what a member of the utility's staff is, None for customers.

    identity_number: the personal number, sealed on arrival and never given out; left out, the one that is sealed stays.
    """

    name: Text
    email: Email | None = None
    language: Literal["sv", "en"] = "sv"
    staff_role: Literal["operator", "economist"] | None = None
    identity_number: Annotated[SecretStr, AfterValidator(_checked)] | None = None


class GrantDocument(_Document):
    """How much the person may do for the customer."""

    level: Level


class LinkRequest(_Document):
    """Whom the link is for, by user name or e-mail address."""

    user: Text


class LogIn(_Document):
    """The token of a log-in link, to be taken for a session."""

    link_token: LinkToken


class Issued(BaseModel):
    """A token, shown this once."""

    token: str
    expires_at: datetime


def app(parts: Parts) -> FastAPI:
    """Give the web app. Sessions need no key: the link's token is what opens one."""
    api = web.app("permissions", parts.settings)
    key = [Depends(web.integration_key(parts.settings))]
    api.include_router(_people(parts), prefix="/v1", dependencies=key)
    api.include_router(_grants(parts), prefix="/v1", dependencies=key)
    if parts.settings.local:
        api.include_router(_links(parts), prefix="/v1", dependencies=key)
    api.include_router(_sessions(parts), prefix="/v1")
    return api


def _people(parts: Parts) -> APIRouter:
    router = web.router()

    @router.put("/people/{user_name}")
    async def put_person(user_name: Key, document: Person, response: Response) -> dict[str, Any]:
        person, number = document.model_dump(exclude={"identity_number"}), document.identity_number
        try:
            async with parts.database.transaction() as tx:
                user_id, result = await handlers.put_person(tx, user_name, person, ACTOR)
                if number and await handlers.put_identity(tx, user_id, number, parts.sealer, ACTOR):
                    result = "changed" if result == "unchanged" else result
        except UniqueViolation as taken:
            if taken.diag.constraint_name == people.ONE_PERSON_A_NUMBER:
                raise web.Problem(409, "identity_taken", "Another person has that personal number.") from taken
            raise web.Problem(409, "email_taken", "Another person has that e-mail address.") from taken
        response.status_code = web.status_of(result)
        return {"result": result, "user_id": user_id}

    return router


def _grants(parts: Parts) -> APIRouter:
    router = web.router()

    @router.put("/grants/{customer_number}/{user_name}")
    async def put_grant(customer_number: Key, user_name: Key, document: GrantDocument) -> dict[str, str]:
        async with parts.database.transaction() as tx:
            user_id, customer_id = await _both(tx, user_name, customer_number)
            changed = await handlers.grant(tx, user_id, customer_id, document.level, ACTOR)
        metrics.GRANTS.labels("given" if changed else "unchanged").inc()
        return {"result": "changed" if changed else "unchanged"}

    @router.delete("/grants/{customer_number}/{user_name}")
    async def remove_grant(customer_number: Key, user_name: Key) -> dict[str, str]:
        async with parts.database.transaction() as tx:
            user_id, customer_id = await _both(tx, user_name, customer_number)
            changed = await handlers.withdraw(tx, user_id, customer_id, ACTOR)
        metrics.GRANTS.labels("withdrawn" if changed else "unchanged").inc()
        return {"result": "withdrawn" if changed else "unchanged"}

    return router


async def _both(tx: Transaction, user_name: str, customer_number: str) -> tuple[UserId, CustomerId]:
    user_id = await people.person(tx, user_name)
    if user_id is None:
        raise web.Problem(422, "unknown_person", f"There is no person '{user_name}'; put the person first.")
    customer_id = await grants.customer(tx, customer_number)
    if customer_id is None:
        raise web.Problem(422, "unknown_customer", f"There is no customer '{customer_number}'; put it in contracts.")
    return user_id, customer_id


def _links(parts: Parts) -> APIRouter:
    router = web.router()

    @router.post("/login-links", status_code=201)
    async def make_link(request: LinkRequest) -> Issued:
        async with parts.database.transaction() as tx:
            user_id = await people.person(tx, request.user)
            if user_id is None:
                raise web.Problem(404, "unknown_person", "There is no person with that user name or e-mail address.")
            link = await handlers.make_link(tx, user_id, ACTOR)
        return Issued(token=link.token, expires_at=link.expires_at)

    return router


def _sessions(parts: Parts) -> APIRouter:
    router = web.router()

    @router.post("/sessions", status_code=201)
    async def log_in(request: LogIn) -> Issued:
        async with parts.database.transaction() as tx:
            session = await handlers.log_in(tx, request.link_token)
        metrics.LOG_INS.labels("refused" if session is None else "let_in").inc()
        if session is None:
            raise web.Problem(401, "link_spent", "The link is unknown, was used, or is older than ten minutes.")
        return Issued(token=session.token, expires_at=session.expires_at)

    @router.delete("/sessions/current", status_code=204)
    async def log_out(kulvert_session: Annotated[str, Header()]) -> None:
        async with parts.database.transaction() as tx:
            await handlers.log_out(tx, kulvert_session)

    return router
