"""Facilities in the portal, one for each metering point of a fleet, and a person who sees all of them."""

import hashlib
from typing import Any
from uuid import UUID, uuid4

import psycopg

from deploy.local.stack import Stack
from tests.bench.fleet import Fleet

_NETWORK = "INSERT INTO contracts.network VALUES ('bench', 'bench')"
_FACILITIES = """
    INSERT INTO contracts.facility (facility_id, facility_number, name, address, category, activity, network_id)
    SELECT lpad(to_hex(id), 32, '0')::uuid, 'F-' || id, 'Kv. ' || id, 'Lundavägen ' || id, 'apartments', 'seven_day',
           'bench'
      FROM generate_series(%(first)s, %(last)s) AS id
"""
_POINTS = """
    INSERT INTO contracts.metering_point (point_id, number, facility_id, medium, station_id)
    OVERRIDING SYSTEM VALUE
    SELECT id, 'MP-' || id, lpad(to_hex(id), 32, '0')::uuid, 'heat', 'bench'
      FROM generate_series(%(first)s, %(last)s) AS id
"""
_PERSON = """
    INSERT INTO permissions.person (user_id, user_name, name, language)
    VALUES (%(user_id)s, 'bench', 'Anna Åberg', 'sv')
"""
_SESSION = """
    INSERT INTO permissions.session (token_hash, user_id, assurance, expires_at)
    VALUES (%(token_hash)s, %(user_id)s, 'local', now() + interval '1 hour')
"""
_SEES = """
    INSERT INTO permissions.visible_period
    SELECT %(user_id)s, id, '-infinity', 'infinity', 'full' FROM generate_series(%(first)s, %(last)s) AS id
"""


def facility_of(point_id: int) -> UUID:
    """Give the facility of a metering point."""
    return UUID(int=point_id)


def put_houses(stack: Stack, fleet: Fleet) -> str:
    """Put a facility for each metering point; gives the token of a session that sees them."""
    user_id, token = uuid4(), f"session-{uuid4()}"
    known: dict[str, Any] = {
        "first": fleet.first_point,
        "last": fleet.first_point + fleet.points - 1,
        "user_id": user_id,
        "token_hash": hashlib.sha256(token.encode()).digest(),
    }
    with psycopg.connect(stack.admin_dsn) as connection:
        for statement in (_NETWORK, _FACILITIES, _POINTS, _PERSON, _SESSION, _SEES):
            connection.execute(statement.encode(), known)
    return token
