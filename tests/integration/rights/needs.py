"""Which rights a statement needs: read off its syntax tree, as PostgreSQL asks for them when it runs."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pglast import ast, parse_sql

Columns = Mapping[str, Sequence[str]]
"""Of each table and view, named with its schema."""

ANY = ""
"""Where any one column will do: to count rows, or to lock them."""


class Need(NamedTuple):
    """A right on a table, view, sequence or function; column is ANY where the right has none."""

    right: str
    on: str
    column: str = ANY


@dataclass(frozen=True)
class Scope:
    """The tables whose columns a part of a statement may name, by the names that it gives them."""

    tables: Mapping[str, str] = field(default_factory=dict)
    outer: "Scope | None" = None


def needs(text: str, columns: Columns) -> set[Need]:
    """Give what a text of statements needs.

    Raises pglast.parser.ParseError, ValueError for a kind of statement that is not known here, and KeyError for an
    unknown table.
    """
    reader = _Reader(columns)
    return {need for raw in parse_sql(text) for need in reader.read_whole(raw.stmt)}


class _Reader:
    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._statements: dict[type, Callable[[Any, Scope], Iterator[Need]]] = {
            ast.SelectStmt: self._select,
            ast.InsertStmt: self._insert,
            ast.UpdateStmt: self._update,
            ast.DeleteStmt: self._delete,
            ast.CopyStmt: self._copy,
        }
        self._expressions: dict[type, Callable[[Any, Scope], Iterator[Need]]] = {
            ast.JoinExpr: self._join,
            ast.FuncCall: self._function,
            ast.ColumnRef: self._column,
        }

    def read_whole(self, statement: ast.Node | None) -> Iterator[Need]:
        if type(statement) not in self._statements:
            raise ValueError(f"teach this test which rights a {type(statement).__name__} needs")
        return self._read(statement, Scope())

    def _read(self, node: Any, scope: Scope) -> Iterator[Need]:
        if isinstance(node, tuple):
            for one in node:
                yield from self._read(one, scope)
        elif isinstance(node, ast.Node):
            known = self._statements | self._expressions
            yield from known.get(type(node), self._parts)(node, scope)

    def _parts(self, node: ast.Node, scope: Scope) -> Iterator[Need]:
        return self._read(tuple(getattr(node, name) for name in node), scope)

    def _select(self, node: ast.SelectStmt, scope: Scope) -> Iterator[Need]:
        own = Scope(_tables(node.fromClause), scope)
        yield from (Need("SELECT", table) for table in own.tables.values())
        for clause in node.lockingClause or ():
            locked = [one.relname for one in clause.lockedRels or ()] or list(own.tables)
            yield from (Need("UPDATE", own.tables[name]) for name in locked if name in own.tables)
        yield from self._parts(node, own)

    def _insert(self, node: ast.InsertStmt, scope: Scope) -> Iterator[Need]:
        own = Scope(_tables([node.relation]), scope)
        [table] = own.tables.values()
        yield from self._written("INSERT", table, [one.name for one in node.cols or ()])
        # What is inserted sees nothing of the table that it goes to.
        yield from self._read((node.withClause, node.selectStmt), scope)
        yield from self._read(node.returningClause, own)
        clause = node.onConflictClause
        if clause is None:
            return
        if clause.infer:
            yield from (Need("SELECT", table, one.name) for one in clause.infer.indexElems or () if one.name)
        yield from (Need("UPDATE", table, one.name) for one in clause.targetList or ())
        yield from self._read((clause.infer, clause.targetList, clause.whereClause), own)

    def _update(self, node: ast.UpdateStmt, scope: Scope) -> Iterator[Need]:
        changed, read = _tables([node.relation]), _tables(node.fromClause)
        for table in changed.values():
            yield from (Need("UPDATE", table, one.name) for one in node.targetList or ())
        yield from (Need("SELECT", table) for table in read.values())
        yield from self._parts(node, Scope(changed | read, scope))

    def _delete(self, node: ast.DeleteStmt, scope: Scope) -> Iterator[Need]:
        emptied, read = _tables([node.relation]), _tables(node.usingClause)
        yield from (Need("DELETE", table) for table in emptied.values())
        yield from (Need("SELECT", table) for table in read.values())
        yield from self._parts(node, Scope(emptied | read, scope))

    def _copy(self, node: ast.CopyStmt, scope: Scope) -> Iterator[Need]:
        named = [one.sval for one in node.attlist or ()]
        for table in _tables([node.relation]).values():
            yield from self._written("INSERT" if node.is_from else "SELECT", table, named)
        yield from self._read(node.query, scope)

    def _join(self, node: ast.JoinExpr, scope: Scope) -> Iterator[Need]:
        for column in node.usingClause or ():
            with_it = (table for table in _tables([node]).values() if column.sval in self._columns[table])
            yield from (Need("SELECT", table, column.sval) for table in with_it)
        yield from self._parts(node, scope)

    def _function(self, node: ast.FuncCall, scope: Scope) -> Iterator[Need]:
        names = [one.sval for one in node.funcname or ()]
        if len(names) > 1 and names[0] != "pg_catalog":
            yield Need("EXECUTE", ".".join(names))
        if names[-1] == "nextval":
            yield from (Need("USAGE", sequence) for sequence in _constants(node.args))
        yield from self._parts(node, scope)

    def _column(self, node: ast.ColumnRef, scope: Scope) -> Iterator[Need]:
        # The star of "all columns" has no name.
        *qualifier, name = [getattr(one, "sval", "*") for one in node.fields or ()]
        for table in self._tables_of(qualifier[-1:], name, scope):
            known = self._columns[table]
            yield from (Need("SELECT", table, column) for column in ([name] if name in known else known))

    def _tables_of(self, qualifier: Sequence[str], name: str, scope: Scope | None) -> Iterator[str]:
        """Find whose column it is: a table's of the innermost part of the statement that has one of its name."""
        while scope:
            found = [table for given, table in scope.tables.items() if self._is_of(table, given, qualifier, name)]
            if found:
                yield from found
                return
            scope = scope.outer

    def _is_of(self, table: str, given: str, qualifier: Sequence[str], name: str) -> bool:
        if qualifier:
            return given == qualifier[0]
        # A table's own name stands for its whole row.
        return name in ("*", given) or name in self._columns[table]

    def _written(self, right: str, table: str, named: Sequence[str]) -> Iterator[Need]:
        return (Need(right, table, column) for column in named or self._columns[table])


def _tables(nodes: Iterable[Any] | None) -> dict[str, str]:
    """Give what stands in FROM itself, not in a query below it. A name without a schema is the statement's own."""
    found: dict[str, str] = {}
    for node in nodes or ():
        if isinstance(node, ast.JoinExpr):
            found |= _tables([node.larg, node.rarg])
        elif isinstance(node, ast.RangeVar) and node.schemaname:
            found[str(node.alias.aliasname if node.alias else node.relname)] = f"{node.schemaname}.{node.relname}"
    return found


def _constants(nodes: Iterable[Any] | None) -> Iterator[str]:
    for node in nodes or ():
        inner = node.arg if isinstance(node, ast.TypeCast) else node
        if isinstance(inner, ast.A_Const) and isinstance(inner.val, ast.String):
            yield str(inner.val.sval)
