"""Orders as BankID keeps them: pending until the phone, the clock or the relying party ends them."""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from deploy.local.bankid_rp.authority import GIVEN_NAME, SURNAME, Authority
from deploy.local.bankid_rp.evidence import Approved, Wrong, completion

LIFE_S = 180.0
"""How long a person has, from the order's start to the signature."""
PENDING_HINTS = ("outstandingTransaction", "noClient", "started", "userMrtd", "userCallConfirm", "userSign")
FAILED_HINTS = (
    "expiredTransaction",
    "certificateErr",
    "userCancel",
    "cancelled",
    "startFailed",
    "userDeclinedCall",
    "notSupportedByUserApp",
    "transactionRiskBlocked",
)
FUNCTION = {"auth": "Identification", "sign": "Signing"}


class NoSuchOrderError(Exception):
    """The order is unknown, or was cancelled by the relying party."""


@dataclass
class Order:
    """One order. visible, hidden: in Base64, as the relying party sent them."""

    kind: str
    end_user_ip: str
    visible: str
    hidden: str
    began_at: float
    personal_number: str | None = None
    order_ref: str = field(default_factory=lambda: str(uuid4()))
    auto_start_token: str = field(default_factory=lambda: str(uuid4()))
    qr_start_token: str = field(default_factory=lambda: str(uuid4()))
    qr_start_secret: str = field(default_factory=lambda: str(uuid4()))
    status: str = "pending"
    hint: str = "outstandingTransaction"
    completion: dict[str, Any] | None = None

    @property
    def text(self) -> str:
        """What the person is shown."""
        return base64.b64decode(self.visible).decode(errors="replace")

    @property
    def beside(self) -> str:
        """What goes with it, which BankID's app never shows."""
        return base64.b64decode(self.hidden).decode(errors="replace")


class Orders:
    """All orders since the process began; nothing of them is kept beyond it."""

    def __init__(self, authority: Authority, clock: Callable[[], float] = time.monotonic) -> None:
        self.is_away = False
        """True while every question is answered with 503, as in BankID's hours of maintenance."""
        self._authority = authority
        self._clock = clock
        self._orders: dict[str, Order] = {}

    def begin(self, kind: str, end_user_ip: str, visible: str, hidden: str, personal_number: str | None) -> Order:
        """Begin an order."""
        order = Order(kind, end_user_ip, visible, hidden, self._clock(), personal_number)
        self._orders[order.order_ref] = order
        return order

    def is_in_progress(self, personal_number: str) -> bool:
        """Tell whether a person has an order already that was begun for him by his number."""
        return any(one.personal_number == personal_number for one in self.pending())

    def order(self, order_ref: str) -> Order:
        """Give an order as it stands now. Raises NoSuchOrderError."""
        order = self._orders.get(order_ref)
        if order is None:
            raise NoSuchOrderError
        if order.status == "pending" and self._clock() - order.began_at > LIFE_S:
            self.fail(order, "expiredTransaction")
        return order

    def pending(self) -> list[Order]:
        """Give the orders that wait for a person, newest first."""
        known = [self.order(order_ref) for order_ref in self._orders]
        return [one for one in reversed(known) if one.status == "pending"]

    def started_by(self, auto_start_token: str) -> Order:
        """Give the order of a start link. Raises NoSuchOrderError."""
        found = [one for one in self.pending() if one.auto_start_token == auto_start_token]
        if not found:
            raise NoSuchOrderError
        return found[0]

    def cancel(self, order_ref: str) -> None:
        """Forget an order on the relying party's word. Raises NoSuchOrderError."""
        if self.order(order_ref).status != "pending":
            raise NoSuchOrderError
        del self._orders[order_ref]

    def wait(self, order: Order, hint: str) -> None:
        """Let an order stand at a step on its way."""
        if order.status == "pending":
            order.hint = hint

    def fail(self, order: Order, hint: str) -> None:
        """End an order without a signature."""
        if order.status == "pending":
            order.status, order.hint = "failed", hint

    def complete(self, order: Order, personal_number: str, wrong: Wrong | None = None) -> None:
        """Let a person approve. wrong: what is to be wrong with it, which must then be noticed."""
        if order.status != "pending":
            return
        if order.personal_number not in (None, personal_number):
            self.fail(order, "cancelled")
            return
        order.status, order.hint = "complete", ""
        approved = Approved(personal_number, FUNCTION[order.kind], order.visible, order.hidden)
        signature, ocsp_response = completion(self._authority, approved, wrong)
        order.completion = {
            "user": {
                "personalNumber": personal_number,
                "name": f"{GIVEN_NAME} {SURNAME}",
                "givenName": GIVEN_NAME,
                "surname": SURNAME,
            },
            "device": {"ipAddress": order.end_user_ip, "uhi": "OZvYM9VvyiAmG7NA5jU5zqGcVpo="},
            # The suffix is BankID's own way of writing a day.
            "bankIdIssueDate": "2023-11-29Z",
            "signature": signature,
            "ocspResponse": ocsp_response,
        }
