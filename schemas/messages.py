"""Messages that a customer is to get, in whichever way its people want to be told. Producer: contracts."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from schemas.event import Event
from schemas.values import ContractId, CustomerId, PriceListId


class Template(StrEnum):
    """What messages say. A topic's reader leaves one that it does not know to a later version of itself."""

    PRICE_LIST_WITHDRAWN = "price_list_withdrawn"
    """Of contract_id and price_list_id, whose notice `contracts_v1.notice` holds with both yearly costs."""


class MessageRequested(Event):
    """A customer is to be told something.

    No address and no figure: who of the customer's people is told, where and in which language, and what is said, are
    looked up when it is sent. idempotency_key: the same for the same message, however often it is requested. The ids
    are those that the template speaks of.
    """

    name: ClassVar[str] = "messages-requested"

    recipient_id: CustomerId
    template: Annotated[str, Field(min_length=1, max_length=60)]
    idempotency_key: Annotated[str, Field(min_length=1, max_length=200)]
    contract_id: ContractId | None = None
    price_list_id: PriceListId | None = None
