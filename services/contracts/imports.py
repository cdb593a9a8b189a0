"""CSV imports: good lines are stored, bad ones refused alone, each with its reason."""

from collections.abc import Sequence

from services.common.identity_seal import Sealer
from services.common.postgres import Database, Transaction
from services.common.table_imports import Report
from services.common.tables import BadRow, Kind, Row, rows
from services.contracts import handlers, metrics
from services.contracts.core import documents
from services.contracts.core.refusals import RefusedError
from services.contracts.store import Change

KINDS = {
    "networks": Kind("network_id", documents.Network),
    "facilities": Kind("facility_number", documents.Facility),
    "metering-points": Kind("number", documents.MeteringPoint),
    "customers": Kind("customer_number", documents.Customer),
    "contracts": Kind("contract_number", documents.ContractRow),
}


async def import_table(database: Database, sealer: Sealer, kind: str, rows_at_once: int, text: str) -> Report:
    """Store a file's lines, some hundred in a transaction. Raises BadTableError where its header does not fit.

    Sending the file again changes nothing, so a file that was cut off is simply sent once more.
    """
    report = Report()
    batch: list[Row] = []
    for row in rows(text, KINDS[kind]):
        report.lines += 1
        if isinstance(row, BadRow):
            report.refused.append(row)
            continue
        batch.append(row)
        if len(batch) == rows_at_once:
            await _store(database, sealer, kind, batch, report)
            batch = []
    await _store(database, sealer, kind, batch, report)
    return report


async def _store(database: Database, sealer: Sealer, kind: str, batch: Sequence[Row], report: Report) -> None:
    if not batch:
        return
    async with database.transaction() as tx:
        for row in batch:
            try:
                change = await _put(tx, sealer, row)
            except RefusedError as refused:
                report.refused.append(BadRow(row.line, _column(refused.field), refused.refusal.value, refused.detail))
            else:
                report.changes[change] += 1
                metrics.DOCUMENTS.labels(kind, change.value).inc()


async def _put(tx: Transaction, sealer: Sealer, row: Row) -> Change:
    # Every refusal is found before anything of the line is written, or undone by its own savepoint.
    match row.document:
        case documents.Network() as network:
            return await handlers.put_network(tx, row.key, network)
        case documents.Facility() as facility:
            return (await handlers.put_facility(tx, row.key, facility))[0]
        case documents.MeteringPoint() as point:
            return (await handlers.put_metering_point(tx, row.key, point))[0]
        case documents.Customer() as customer:
            return (await handlers.put_customer(tx, row.key, customer, sealer))[0]
        case documents.ContractRow() as contract:
            return (await handlers.put_contract(tx, row.key, contract.contract()))[0]
    raise TypeError(f"no import for {type(row.document).__name__}")


def _column(field: str) -> str:
    """Name the column that a field of the document was read from: a line is flat."""
    return field.rpartition(".")[2]
