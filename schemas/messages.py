"""Messages to people, asked for by whoever has something to tell. Producers: permissions, billing, contracts."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.event import Event
from schemas.values import ContractId, CustomerId, DeterminationId, InvoiceId, PointId, UserId

Template = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
IdempotencyKey = Annotated[str, Field(min_length=1, max_length=200)]


class MessageRequested(Event):
    """A person is to be told of something: which text, and what it is about, in ids.

    There is no address and no wording in it: both are looked up when the message is sent, under the rights the
    recipient has by then. Of requests with one `idempotency_key` only the first is sent. A template is a name
    and no enumeration, so that a new one makes no new version; ids that a text does not need are None.
    """

    name: ClassVar[str] = "messages-requested"

    recipient_id: UserId
    template: Template
    idempotency_key: IdempotencyKey
    customer_id: CustomerId | None = None
    contract_id: ContractId | None = None
    point_id: PointId | None = None
    invoice_id: InvoiceId | None = None
    determination_id: DeterminationId | None = None
