"""Offers that a visitor sees, and whether he may sign them."""

from typing import Any
from uuid import UUID

from services.gateway.store.reader import Connection, Row

# Who may sign is decided by contracts; here it is told so that nobody is offered what he may not do.
_OFFER = """
    SELECT offer.offer_id, offer.version, offer.offer_number, offer.text,
           encode(offer.document_sha256, 'hex') AS digest, offer.expires_at, offer.signed_at,
           offer.expires_at <= now() AS is_expired, point.facility_id,
           EXISTS (SELECT FROM permissions_v1.visible_period AS own
                    WHERE own.user_id = $2 AND own.point_id = point.point_id AND own.level = 'administrator'
                      AND own.valid_to > now()) AS may_sign
      FROM contracts_v1.offer AS offer
      JOIN contracts_v1.contract AS contract USING (contract_id)
      JOIN contracts_v1.metering_point AS point USING (point_id)
     WHERE offer.offer_id = $1
     LIMIT 1
"""
_OFFERS = """
    SELECT offer.offer_id, offer.offer_number, offer.expires_at, offer.signed_at
      FROM contracts_v1.offer AS offer
     WHERE offer.contract_id = ANY(ARRAY(SELECT contract_id FROM contracts_v1.contract WHERE point_id = $1))
       AND (offer.signed_at IS NOT NULL OR offer.expires_at > now())
     ORDER BY offer.expires_at DESC
"""


async def offer(connection: Connection, offer_id: UUID, user_id: UUID) -> Row | None:
    """Give an offer's newest version, with whether a person may sign it."""
    return await connection.fetchrow(_OFFER, offer_id, user_id)


async def offers(connection: Connection, point_id: int) -> list[Row]:
    """Give the offers on the contracts of a metering point that can be signed or have been."""
    rows: list[Any] = await connection.fetch(_OFFERS, point_id)
    return rows
