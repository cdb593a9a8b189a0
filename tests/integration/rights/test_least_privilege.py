"""Each role may do what its service's statements need, and nothing else.

Needs are read off the statements in the code, and off the views, policies and functions that these reach. A test that
fails here asks for a migration of whoever owns what it names.
"""

from collections.abc import Iterator

import psycopg
import pytest

from deploy.local.stack import Stack
from deploy.prepare import LOGIN_ROLES
from tests.integration.rights import catalogue, code
from tests.integration.rights.asked import Asked
from tests.integration.rights.catalogue import SERVICES, Catalogue, Right

_TO_MAKE_VIEWS = "whoever makes a view or a policy in a migration must be able to name what it reads"
NEEDED_OTHERWISE = {
    Right(f"{service}_{maker}", "USAGE", schema): _TO_MAKE_VIEWS
    for service in SERVICES
    for maker, schema in (("views", service), ("views", "permissions"), ("owner", "permissions"))
    if (service, maker) != ("permissions", "owner")
}
"""Rights that no statement of the code needs, and why they are there all the same."""


@pytest.fixture(scope="module")
def found(stack: Stack) -> Catalogue:
    with psycopg.connect(stack.admin_dsn) as connection:
        return catalogue.read(connection)


@pytest.fixture(scope="module")
def asked(found: Catalogue) -> set[Right]:
    asked = Asked(found)
    asked.publish()
    for role, text in code.statements():
        asked.run(text, role)
    return asked.rights


def test_no_role_may_what_nothing_uses(found: Catalogue, asked: set[Right]) -> None:
    kept = asked | NEEDED_OTHERWISE.keys()
    assert [f"{_named(right)}, and nothing uses it" for right in sorted(_unused(found, kept))] == []


def test_no_statement_lacks_a_right(found: Catalogue, asked: set[Right]) -> None:
    kept = asked | NEEDED_OTHERWISE.keys()
    missing = {right for right in kept if not _is_held(right, found.held)}
    assert [f"{_named(right)} is needed and not granted" for right in sorted(missing)] == []


@pytest.mark.parametrize("role", ["public", *LOGIN_ROLES])
def test_no_role_may_make_anything(stack: Stack, role: str) -> None:
    with psycopg.connect(stack.admin_dsn) as connection:
        database = connection.execute(
            "SELECT privilege FROM unnest(ARRAY['CREATE', 'TEMPORARY']) AS privilege"
            " WHERE has_database_privilege(%s, current_database(), privilege)",
            [role],
        ).fetchall()
        schemas = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE has_schema_privilege(%s, oid, 'CREATE')", [role]
        ).fetchall()
    assert (database, schemas) == ([], [])


def test_no_role_acts_for_another(stack: Stack) -> None:
    with psycopg.connect(stack.admin_dsn) as connection:
        members = connection.execute(
            "SELECT member::regrole::text, roleid::regrole::text FROM pg_auth_members"
            " WHERE member::regrole::text = ANY(%s) OR roleid::regrole::text = ANY(%s)",
            [list(LOGIN_ROLES)] * 2,
        ).fetchall()
    assert members == []


def _unused(found: Catalogue, asked: set[Right]) -> Iterator[Right]:
    for right in found.held:
        columns = {one.column for one in asked if one[:3] == right[:3]}
        if right.right == "UPDATE" and not right.column and right.on in found.columns:
            # A row may be told from others by what must never change in it, so this right is by the column.
            yield from (right._replace(column=column) for column in set(found.columns[right.on]) - columns)
        elif right.column and columns == {""}:
            # One column is enough to lock rows.
            yield from {right} - {min(one for one in found.held if one[:3] == right[:3])}
        elif not columns or (right.column and right.column not in columns):
            yield right


def _is_held(right: Right, held: frozenset[Right]) -> bool:
    columns = {one.column for one in held if one[:3] == right[:3]}
    return bool(columns) and (not right.column or "" in columns or right.column in columns)


def _named(right: Right) -> str:
    return f"{right.role}: {right.right} on {right.on}" + (f" ({right.column})" if right.column else "")
