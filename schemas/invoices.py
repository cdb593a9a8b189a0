"""Invoices: that one was issued, in ids and sums. Producer: billing."""

from datetime import date
from typing import ClassVar

from pydantic import AwareDatetime

from schemas.event import Event
from schemas.values import ContractId, CustomerId, InvoiceId, PointId


class InvoiceIssued(Event):
    """An invoice was issued; it never changes. month: the first day of the month it is for. Sums in öre.

    What stands on it is read from billing's published views, under the reader's own rights.
    """

    name: ClassVar[str] = "invoices"

    invoice_id: InvoiceId
    number: str
    contract_id: ContractId
    customer_id: CustomerId
    point_id: PointId
    month: date
    issued_at: AwareDatetime
    due_on: date
    net_ore: int
    vat_ore: int
    total_ore: int
