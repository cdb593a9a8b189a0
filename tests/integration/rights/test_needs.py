"""The rights that PostgreSQL's documentation names for each kind of statement."""

import pytest

from tests.integration.rights.needs import Need, needs

COLUMNS = {"a.person": ["id", "name", "secret"], "a.letter": ["id", "person_id", "text"]}


def needed(text: str) -> set[tuple[str, str, str]]:
    return {(need.right, need.on, need.column) for need in needs(text, COLUMNS)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT count(*) FROM a.person", {("SELECT", "a.person", "")}),
        ("SELECT p.name FROM a.person AS p", {("SELECT", "a.person", ""), ("SELECT", "a.person", "name")}),
        ("INSERT INTO a.person (id) VALUES ($1)", {("INSERT", "a.person", "id")}),
        (
            "INSERT INTO a.person (id) VALUES ($1) RETURNING name",
            {("INSERT", "a.person", "id"), ("SELECT", "a.person", "name")},
        ),
        ("UPDATE a.person SET name = $1", {("UPDATE", "a.person", "name")}),
        (
            "UPDATE a.person SET name = $1 WHERE id = $2",
            {("UPDATE", "a.person", "name"), ("SELECT", "a.person", "id")},
        ),
        ("DELETE FROM a.person WHERE id = $1", {("DELETE", "a.person", ""), ("SELECT", "a.person", "id")}),
        ("COPY a.letter (id, text) FROM STDIN", {("INSERT", "a.letter", "id"), ("INSERT", "a.letter", "text")}),
        ("SELECT a.greet(nextval('a.numbers'))", {("EXECUTE", "a.greet", ""), ("USAGE", "a.numbers", "")}),
    ],
)
def test_each_kind_of_statement_needs_its_rights(text: str, expected: set[tuple[str, str, str]]) -> None:
    assert needed(text) == expected


def test_without_a_list_of_columns_all_are_inserted() -> None:
    assert needed("INSERT INTO a.letter SELECT 1, 2, 'x'") == {
        ("INSERT", "a.letter", column) for column in ("id", "person_id", "text")
    }


def test_an_upsert_reads_what_it_compares_and_updates_what_it_sets() -> None:
    text = """
        INSERT INTO a.person AS old (id, name) VALUES ($1, $2)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE old.secret IS NULL
    """
    assert needed(text) == {
        *(("INSERT", "a.person", column) for column in ("id", "name")),
        *(("SELECT", "a.person", column) for column in ("id", "secret")),
        ("UPDATE", "a.person", "name"),
    }


def test_an_insert_that_does_nothing_where_there_is_a_row_reads_nothing() -> None:
    assert needed("INSERT INTO a.person (id) VALUES ($1) ON CONFLICT DO NOTHING") == {("INSERT", "a.person", "id")}


@pytest.mark.parametrize(("lock", "locked"), [("", {"a.person", "a.letter"}), ("OF p SKIP LOCKED", {"a.person"})])
def test_a_locked_row_needs_the_right_to_update_one_column(lock: str, locked: set[str]) -> None:
    text = f"SELECT p.id FROM a.person AS p JOIN a.letter ON letter.person_id = p.id FOR UPDATE {lock}"
    assert {on for right, on, _ in needed(text) if right == "UPDATE"} == locked


def test_a_column_belongs_to_the_innermost_query_that_has_one_of_its_name() -> None:
    text = "SELECT name FROM a.person WHERE EXISTS (SELECT FROM a.letter WHERE person_id = secret AND text = 'x')"
    assert needed(text) == {
        *(("SELECT", "a.person", column) for column in ("", "name", "secret")),
        *(("SELECT", "a.letter", column) for column in ("", "person_id", "text")),
    }


def test_columns_joined_by_their_name_are_read_on_both_sides() -> None:
    assert needed("SELECT count(*) FROM a.person JOIN a.letter USING (id)") == {
        ("SELECT", table, column) for table in COLUMNS for column in ("", "id")
    }


def test_what_a_statement_names_itself_is_no_table() -> None:
    text = "WITH gone AS (DELETE FROM a.letter RETURNING text) SELECT gone.text FROM gone"
    assert needed(text) == {("DELETE", "a.letter", ""), ("SELECT", "a.letter", "text")}


def test_a_whole_row_is_all_its_columns() -> None:
    for text in ("SELECT * FROM a.person", "SELECT p.* FROM a.person AS p", "SELECT count(p) FROM a.person AS p"):
        assert {Need("SELECT", "a.person", column) for column in COLUMNS["a.person"]} <= needs(text, COLUMNS)
