"""What the migrated database says of itself: who holds which right, and the statements that stand in it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import psycopg

SERVICES = ("permissions", "contracts", "ingest", "billing", "alerts")
SCHEMAS = [*SERVICES, *(f"{service}_v1" for service in SERVICES), "gateway", "installation"]

_COLUMNS = """
    SELECT relation.oid::regclass::text, array_agg(part.attname::text ORDER BY part.attnum)
      FROM pg_class AS relation
      JOIN pg_attribute AS part ON part.attrelid = relation.oid AND part.attnum > 0 AND NOT part.attisdropped
     WHERE relation.relnamespace = ANY(%s::regnamespace[]) AND relation.relkind IN ('r', 'p', 'v', 'm')
     GROUP BY relation.oid
"""
_OWNERS = """
    SELECT oid::regclass::text, relowner::regrole::text
      FROM pg_class WHERE relnamespace = ANY(%(schemas)s::regnamespace[])
     UNION ALL
    SELECT oid::regproc::text, proowner::regrole::text
      FROM pg_proc WHERE pronamespace = ANY(%(schemas)s::regnamespace[])
     UNION ALL
    SELECT oid::regnamespace::text, nspowner::regrole::text
      FROM pg_namespace WHERE oid = ANY(%(schemas)s::regnamespace[])
"""
_VIEWS = """
    SELECT oid::regclass::text, pg_get_viewdef(oid) FROM pg_class
     WHERE relnamespace = ANY(%s::regnamespace[]) AND relkind = 'v'
"""
_POLICIES = """
    SELECT polrelid::regclass::text, role::regrole::text, pg_get_expr(polqual, polrelid)
      FROM pg_policy, unnest(polroles) AS role
     WHERE pg_get_expr(polqual, polrelid) <> 'true'
"""
_FUNCTIONS = """
    SELECT function.oid::regproc::text, function.prosrc, function.prosecdef
      FROM pg_proc AS function
      JOIN pg_language AS written_in ON written_in.oid = function.prolang
     WHERE function.pronamespace = ANY(%s::regnamespace[]) AND written_in.lanname = 'sql'
"""
_HELD = """
    SELECT CASE held.grantee WHEN 0 THEN 'PUBLIC' ELSE held.grantee::regrole::text END,
           held.privilege_type, thing.name, thing.part
      FROM (SELECT relation.oid::regclass::text, '', relation.relowner,
                   coalesce(relation.relacl, acldefault((CASE relation.relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char",
                                                        relation.relowner))
              FROM pg_class AS relation
             WHERE relation.relnamespace = ANY(%(schemas)s::regnamespace[])
             UNION ALL
            SELECT relation.oid::regclass::text, part.attname, relation.relowner, part.attacl
              FROM pg_class AS relation
              JOIN pg_attribute AS part ON part.attrelid = relation.oid AND part.attacl IS NOT NULL
             WHERE relation.relnamespace = ANY(%(schemas)s::regnamespace[])
             UNION ALL
            SELECT oid::regproc::text, '', proowner, coalesce(proacl, acldefault('f', proowner))
              FROM pg_proc WHERE pronamespace = ANY(%(schemas)s::regnamespace[])
             UNION ALL
            SELECT oid::regnamespace::text, '', nspowner, coalesce(nspacl, acldefault('n', nspowner))
              FROM pg_namespace WHERE oid = ANY(%(schemas)s::regnamespace[])
           ) AS thing(name, part, owner, rights)
     CROSS JOIN LATERAL aclexplode(thing.rights) AS held
     WHERE held.grantee <> thing.owner
"""


class Right(NamedTuple):
    """What a role may do with a thing; column is empty where it is the whole thing, or any column of it."""

    role: str
    right: str
    on: str
    column: str = ""


class Function(NamedTuple):
    """A function written in SQL; where it is a definer's, it runs in its owner's name."""

    body: str
    is_definers: bool


@dataclass(frozen=True)
class Catalogue:
    """The things of all services by their names with schema, and everybody's rights but the owner's own."""

    columns: Mapping[str, Sequence[str]]
    owners: Mapping[str, str]
    views: Mapping[str, str]
    policies: Mapping[tuple[str, str], Sequence[str]]
    """By table and role: what must be true of a row for the role to see it."""
    functions: Mapping[str, Function]
    held: frozenset[Right]


def read(connection: psycopg.Connection) -> Catalogue:
    """Read the catalogue, as an administrator."""
    # So that every name is written with its schema.
    connection.execute("SET search_path = pg_catalog")
    schemas = {"schemas": SCHEMAS}
    policies = defaultdict(list)
    for table, role, condition in connection.execute(_POLICIES):
        policies[table, role].append(condition)
    return Catalogue(
        columns=dict(connection.execute(_COLUMNS, [SCHEMAS]).fetchall()),
        owners=dict(connection.execute(_OWNERS, schemas).fetchall()),
        views=dict(connection.execute(_VIEWS, [SCHEMAS]).fetchall()),
        policies=policies,
        functions={name: Function(*rest) for name, *rest in connection.execute(_FUNCTIONS, [SCHEMAS])},
        held=frozenset(Right(*row) for row in connection.execute(_HELD, schemas)),
    )
