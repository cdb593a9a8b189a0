"""Grants, contract periods, and the visible periods that follow from the two."""

from collections.abc import Sequence
from uuid import UUID

from schemas.contracts import ContractChanged
from schemas.grants import Grant, GrantsChanged, Level
from schemas.values import CustomerId, UserId
from services.common.postgres import Transaction
from services.permissions.core.periods import ContractPeriod

_CUSTOMER = "SELECT customer_id FROM contracts_v1.customer WHERE customer_number = %s"
_LOCK_CUSTOMERS = """
    SELECT pg_advisory_xact_lock(hashtextextended('permissions.customer:' || customer_id::text, 0))
      FROM (SELECT unnest(%s::uuid[]) AS customer_id ORDER BY 1) AS touched
"""
_PUT_GRANT = """
    INSERT INTO permissions.user_grant AS old (user_id, customer_id, level, granted_by)
    VALUES (%s, %s, %s, %s)
    ON CONFLICT (user_id, customer_id) DO UPDATE
       SET level = excluded.level, granted_by = excluded.granted_by, granted_at = clock_timestamp()
     WHERE old.level <> excluded.level
    RETURNING 1
"""
_REMOVE_GRANT = "DELETE FROM permissions.user_grant WHERE user_id = %s AND customer_id = %s RETURNING 1"
_PUT_PERIOD = """
    INSERT INTO permissions.contract_period AS old (contract_id, version, customer_id, point_id, valid_from, valid_to)
    VALUES (%s, %s, %s, %s, %s, coalesce(%s, 'infinity'::timestamptz))
    ON CONFLICT (contract_id) DO UPDATE
       SET version = excluded.version, customer_id = excluded.customer_id, point_id = excluded.point_id,
           valid_from = excluded.valid_from, valid_to = excluded.valid_to
     WHERE old.version < excluded.version
"""
_PEOPLE_OF = """
    SELECT user_id FROM permissions.user_grant WHERE customer_id = ANY(%(customers)s)
    UNION
    SELECT user_id FROM permissions.manager_grant WHERE customer_id = ANY(%(customers)s)
"""
_LOCK_PEOPLE = """
    SELECT pg_advisory_xact_lock(hashtextextended('permissions.person:' || user_id::text, 0))
      FROM (SELECT unnest(%s::uuid[]) AS user_id ORDER BY 1) AS touched
"""
_CLEAR_VISIBLE = "DELETE FROM permissions.visible_period WHERE user_id = ANY(%s)"
_ADD_VISIBLE = """
    WITH given AS (
        SELECT user_id, customer_id, level, NULL::integer[] AS points
          FROM permissions.user_grant WHERE user_id = ANY(%(users)s)
        UNION ALL
        SELECT passed_on.user_id, passed_on.customer_id, entrusted.level, entrusted.points
          FROM permissions.manager_grant AS passed_on
          JOIN permissions.company_grant AS entrusted USING (company_id, customer_id)
         WHERE passed_on.user_id = ANY(%(users)s)
    )
    INSERT INTO permissions.visible_period (user_id, point_id, valid_from, valid_to, level)
    SELECT given.user_id, period.point_id, period.valid_from, period.valid_to,
           (array_agg(given.level ORDER BY array_position(ARRAY['administrator', 'full', 'read'], given.level)))[1]
      FROM given
      JOIN permissions.contract_period AS period USING (customer_id)
     WHERE (given.points IS NULL OR period.point_id = ANY(given.points))
       AND period.valid_to > period.valid_from
     GROUP BY given.user_id, period.point_id, period.valid_from, period.valid_to
"""
_COUNT_UP = """
    INSERT INTO permissions.grants_version AS old (customer_id, version) VALUES (%s, installation.next_version(0))
    ON CONFLICT (customer_id) DO UPDATE SET version = installation.next_version(old.version)
    RETURNING version
"""
_GRANTS_OF = """
    SELECT user_id, level, NULL::integer[] FROM permissions.user_grant WHERE customer_id = %(customer)s
    UNION ALL
    SELECT passed_on.user_id, entrusted.level, entrusted.points
      FROM permissions.manager_grant AS passed_on
      JOIN permissions.company_grant AS entrusted USING (company_id, customer_id)
     WHERE passed_on.customer_id = %(customer)s
     ORDER BY 1, 2
"""


async def customer(tx: Transaction, customer_number: str) -> CustomerId | None:
    """Find a customer by number, in what contracts publishes."""
    row = await (await tx.execute(_CUSTOMER, [customer_number])).fetchone()
    return CustomerId(row[0]) if row else None


async def lock_customers(tx: Transaction, customers: Sequence[CustomerId]) -> None:
    """Wait for whoever changes what the same customers show.

    A grant and a contract that come at once would each miss the other's rows.
    """
    await tx.execute(_LOCK_CUSTOMERS, [list(customers)])


async def put_grant(tx: Transaction, user_id: UserId, customer_id: CustomerId, level: Level, by: str) -> bool:
    """Give a person a level for a customer; True where that changed something."""
    return await (await tx.execute(_PUT_GRANT, [user_id, customer_id, level.value, by])).fetchone() is not None


async def remove_grant(tx: Transaction, user_id: UserId, customer_id: CustomerId) -> bool:
    """Take a grant away; False where there was none."""
    return await (await tx.execute(_REMOVE_GRANT, [user_id, customer_id])).fetchone() is not None


async def put_period(tx: Transaction, contract: ContractChanged, period: ContractPeriod | None) -> None:
    """Keep a contract's period where its version is newer than ours; one without days is kept as empty."""
    start = period.starts_at if period else "epoch"
    end = period.ends_at if period else "epoch"
    await tx.execute(
        _PUT_PERIOD, [contract.contract_id, contract.version, contract.customer_id, contract.point_id, start, end]
    )


async def people_of(tx: Transaction, customers: Sequence[CustomerId]) -> list[UserId]:
    """List everybody who has a grant on any of the customers."""
    rows = await (await tx.execute(_PEOPLE_OF, {"customers": list(customers)})).fetchall()
    return [UserId(row[0]) for row in rows]


async def rewrite_visible(tx: Transaction, users: Sequence[UserId]) -> None:
    """Write anew what people see: their grants cut to the contracts' periods, in this same transaction.

    People are waited for, after their customers: two customers of one person that change at once would each write what
    he sees without the other's change.
    """
    await tx.execute(_LOCK_PEOPLE, [list(users)])
    await tx.execute(_CLEAR_VISIBLE, [list(users)])
    await tx.execute(_ADD_VISIBLE, {"users": list(users)})


async def grants_event(tx: Transaction, customer_id: CustomerId) -> GrantsChanged:
    """Count the customer's grants up and give them whole, to tell others of."""
    row = await (await tx.execute(_COUNT_UP, [customer_id])).fetchone()
    if row is None:
        raise LookupError(f"the grants of customer {customer_id} gave no version")
    rows: list[tuple[UUID, str, list[int] | None]] = await (
        await tx.execute(_GRANTS_OF, {"customer": customer_id})
    ).fetchall()
    grants = tuple(
        Grant(user_id=UserId(user_id), level=Level(level), points=None if points is None else tuple(points))
        for user_id, level, points in rows
    )
    return GrantsChanged(customer_id=customer_id, version=row[0], grants=grants)
