"""Who decides about prices and powers: staff systems by their key, and economists under their own session."""

from collections.abc import Awaitable, Callable
from typing import Annotated, NamedTuple

from fastapi import Header, Request

from services.common import web
from services.contracts.administrators import ONLY_TO_LOOK
from services.contracts.core.refusals import Refusal, RefusedError
from services.contracts.parts import Parts
from services.contracts.store import staff

ECONOMIST = "economist"


class Decider(NamedTuple):
    """Who asks: an economist by his name, None where it is a staff system; and whether he may decide, not only look."""

    name: str | None
    may_decide: bool


Asking = Callable[..., Awaitable[Decider]]
"""A dependency: who asks."""


def economist_or_key(parts: Parts) -> Asking:
    """Make the dependency that lets in whoever holds the key, and economists. Raises Problem and RefusedError."""
    check_key = web.integration_key(parts.settings)

    async def asking(
        request: Request,
        kulvert_session: Annotated[str | None, Header(max_length=200)] = None,
        authorization: Annotated[str | None, Header()] = None,
    ) -> Decider:
        if kulvert_session is None:
            check_key(authorization)
            return Decider(None, True)
        async with parts.database.transaction() as tx:
            person = await staff.of_session(tx, kulvert_session)
        if person is None or person.staff_role != ECONOMIST:
            raise RefusedError(Refusal.ONLY_ECONOMISTS, "only the utility's economists see and decide this")
        may_decide = person.assurance != ONLY_TO_LOOK
        if not may_decide and request.method != "GET":
            raise RefusedError(Refusal.ONLY_LOOKS, "a session by an e-mail link may look and not decide")
        return Decider(person.name, may_decide)

    return asking
