"""Who logs in to look at the demonstration: a customer, a property manager, and the utility's own staff."""

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from deploy.local.services import GATEWAY, PERMISSIONS
from deploy.local.stack import Stack
from services.cli.requests import Client, once_known

PATIENCE_S = 60.0


class Visitor(NamedTuple):
    """A person, and what he is in a few words."""

    user_name: str
    name: str
    words: str
    staff_role: str | None = None


ANNA = Visitor("anna", "Anna Jensen", "customer, the Danish house")
PETRA = Visitor("petra", "Petra Förvaltare", "property manager, every customer of the town")
EVA = Visitor("eva", "Eva Ekonom", "the utility's economist", "economist")
OLOF = Visitor("olof", "Olof Operatör", "the utility's operator", "operator")


def register(stack: Stack, visitor: Visitor, customers: Iterable[str] = (), level: str = "full") -> None:
    """Make a person known and let him see customers. Raises RequestError."""
    with Client(stack, PERMISSIONS, patience_s=PATIENCE_S) as permissions:
        document = {"name": visitor.name, "staff_role": visitor.staff_role}
        permissions.ask("PUT", f"/v1/people/{visitor.user_name}", json=document)
        for customer in customers:
            address = f"/v1/grants/{customer}/{visitor.user_name}"
            once_known(partial(permissions.ask, "PUT", address, json={"level": level}), "unknown_customer")


def login_link(stack: Stack, visitor: Visitor) -> str:
    """Make a link that logs a person in once, within ten minutes. Raises RequestError."""
    with Client(stack, PERMISSIONS) as permissions:
        token = permissions.ask("POST", "/v1/login-links", json={"user": visitor.user_name}).json()["token"]
    return f"http://127.0.0.1:{stack.port(GATEWAY.http)}/login?link={token}"
