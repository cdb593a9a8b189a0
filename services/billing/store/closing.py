"""The close of a month: what to bill, its figures, and the writing of invoices. All for many contracts at once."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from schemas.values import ContractId, PointId
from services.billing.core.chain import Series
from services.billing.core.invoices import Figures
from services.billing.core.parts import Span
from services.billing.core.terms import Contract
from services.billing.store.copies import contract_from
from services.common.postgres import Transaction

# The row stays locked until the transaction ends: runs go one after the other, and a number is given once.
_LOCK_SERIES = """
    INSERT INTO billing.number_series AS series (year, next_number, chain_sha256) VALUES (%s, %s, %s)
    ON CONFLICT (year) DO UPDATE SET next_number = series.next_number
    RETURNING next_number, chain_sha256
"""
_MOVE_SERIES = "UPDATE billing.number_series SET next_number = %s, chain_sha256 = %s WHERE year = %s"

_TO_BILL = """
    SELECT contract.contract_id, contract.contract_number, contract.customer_id, contract.point_id,
           contract.terms, contract.powers, contract.options, contract.agreements
      FROM billing.contract AS contract
     WHERE contract.first_day < %(end)s AND contract.end_day > %(first)s AND contract.contract_id > %(after)s
       AND NOT EXISTS (SELECT FROM billing.period AS period
                        WHERE period.contract_id = contract.contract_id AND period.month = %(first)s
                          AND period.state <> 'held')
     ORDER BY contract.contract_id
     LIMIT %(limit)s
       FOR UPDATE OF contract
"""
# Before a point's first day there is none to end with its register; the day's own beginning stands in for it.
_FIGURES = """
    SELECT coalesce(before.register_wh, first.register_wh - first.energy_wh), whole.register_to_wh,
           whole.days_whole, whole.days_measured, whole.days_estimated, greatest(whole.revision, before.revision),
           coalesce(before.quality = 'estimated', false), coalesce(whole.is_end_estimated, false),
           whole.litres, whole.return_by_energy_centi_c, whole.return_by_flow_centi_c,
           network.return_by_energy_centi_c, network.return_by_flow_centi_c, network.l_per_mwh,
           whole.highest_hour_wh
      FROM unnest(%s::int[], %s::date[], %s::date[]) WITH ORDINALITY AS part(point_id, first_day, end_day, place)
      LEFT JOIN ingest_v1.day AS before ON before.point_id = part.point_id AND before.day = part.first_day - 1
      LEFT JOIN ingest_v1.day AS first ON first.point_id = part.point_id AND first.day = part.first_day
     CROSS JOIN LATERAL (
           SELECT max(day.register_wh) FILTER (WHERE day.day = part.end_day - 1) AS register_to_wh,
                  count(*) FILTER (WHERE day.hours_present = day.hours_expected AND day.register_wh IS NOT NULL
                                     AND day.energy_wh IS NOT NULL) AS days_whole,
                  count(*) FILTER (WHERE day.is_measured) AS days_measured,
                  count(*) FILTER (WHERE day.quality IN ('estimated', 'manual')) AS days_estimated,
                  max(day.revision) AS revision,
                  max(day.maximum_hour_wh) AS highest_hour_wh,
                  bool_or(day.quality = 'estimated') FILTER (WHERE day.day = part.end_day - 1) AS is_end_estimated,
                  CASE WHEN count(day.volume_l) = count(*) THEN sum(day.volume_l)::bigint END AS litres,
                  round(100 * sum(day.energy_return_wh_c) / nullif(sum(day.energy_with_return_wh), 0))::bigint
                      AS return_by_energy_centi_c,
                  round(100.0 * sum(day.volume_return_l_c) / nullif(sum(day.return_l), 0))::bigint
                      AS return_by_flow_centi_c
             FROM ingest_v1.day AS day
            WHERE day.point_id = part.point_id AND day.day >= part.first_day AND day.day < part.end_day) AS whole
      LEFT JOIN contracts_v1.metering_point AS point ON point.point_id = part.point_id
      LEFT JOIN contracts_v1.facility AS facility ON facility.facility_id = point.facility_id
      LEFT JOIN billing.network_mean AS network
             ON network.network_id = facility.network_id AND network.medium = point.medium
            AND network.month = date_trunc('month', part.first_day)
     ORDER BY part.place
"""
# Closed once: invoices of a month that are issued later are held against the same mean.
_CLOSE_NETWORK_MEANS = """
    INSERT INTO billing.network_mean
           (network_id, medium, month, return_by_energy_centi_c, return_by_flow_centi_c, l_per_mwh, points)
    SELECT facility.network_id, point.medium, %(first)s,
           round(100 * sum(day.energy_return_wh_c) / nullif(sum(day.energy_with_return_wh), 0)),
           round(100.0 * sum(day.volume_return_l_c) / nullif(sum(day.return_l), 0)),
           round(1000000 * sum(day.volume_l) FILTER (WHERE day.energy_wh IS NOT NULL)
                 / nullif(sum(day.energy_wh) FILTER (WHERE day.volume_l IS NOT NULL), 0)),
           count(DISTINCT point.point_id)
      FROM contracts_v1.metering_point AS point
      JOIN contracts_v1.facility AS facility USING (facility_id)
      JOIN ingest_v1.day AS day ON day.point_id = point.point_id AND day.day >= %(first)s AND day.day < %(end)s
     GROUP BY facility.network_id, point.medium
    ON CONFLICT DO NOTHING
"""
_PARTIES = """
    SELECT wanted.contract_id, customer.customer_number, customer.name AS customer_name,
           customer.address AS customer_address, point.number AS metering_point, point.medium,
           facility.facility_number, facility.name AS facility_name, facility.address AS facility_address
      FROM unnest(%s::uuid[], %s::uuid[], %s::int[]) AS wanted(contract_id, customer_id, point_id)
      JOIN contracts_v1.customer AS customer ON customer.customer_id = wanted.customer_id
      JOIN contracts_v1.metering_point AS point ON point.point_id = wanted.point_id
      JOIN contracts_v1.facility AS facility ON facility.facility_id = point.facility_id
"""

_ADD_INVOICES = """
    INSERT INTO billing.invoice
    SELECT new.invoice_id, new.year, new.sequence, new.number, new.contract_id, new.customer_id, new.point_id,
           new.month, new.part_from, new.part_to, new.issued_at, new.due_on, new.net_ore, new.vat_ore, new.total_ore,
           new.basis, decode(new.chain_sha256, 'hex')
      FROM jsonb_to_recordset(%s) AS new(
           invoice_id uuid, year integer, sequence bigint, number text, contract_id uuid, customer_id uuid,
           point_id integer, month date, part_from date, part_to date, issued_at timestamptz, due_on date,
           net_ore bigint, vat_ore bigint, total_ore bigint, basis jsonb, chain_sha256 text)
"""
_ADD_LINES = """
    INSERT INTO billing.invoice_line
    SELECT new.invoice_id, new.line, new.contract_id, new.point_id, new.part_from, new.part_to, new.component,
           new.label, new.quantity, new.unit, new.price, new.fixed_price, new.days, new.year_days, new.vat_percent,
           new.amount_ore
      FROM jsonb_to_recordset(%s) AS new(
           invoice_id uuid, line integer, contract_id uuid, point_id integer, part_from date, part_to date,
           component text, label text, quantity numeric, unit text, price numeric, fixed_price numeric, days integer,
           year_days integer, vat_percent numeric, amount_ore bigint)
"""
_PUT_PERIODS = """
    INSERT INTO billing.period AS old
           (contract_id, month, customer_id, point_id, part_from, part_to, state, held_reason, invoice_id)
    SELECT new.contract_id, new.month, new.customer_id, new.point_id, new.part_from, new.part_to,
           CASE WHEN new.invoice_id IS NULL THEN 'held' ELSE 'issued' END, new.held_reason, new.invoice_id
      FROM jsonb_to_recordset(%s) AS new(
           contract_id uuid, month date, customer_id uuid, point_id integer, part_from date, part_to date,
           held_reason text, invoice_id uuid)
    ON CONFLICT (contract_id, month) DO UPDATE
       SET customer_id = excluded.customer_id, point_id = excluded.point_id, part_from = excluded.part_from,
           part_to = excluded.part_to, state = excluded.state, held_reason = excluded.held_reason,
           invoice_id = excluded.invoice_id, changed_at = clock_timestamp()
     WHERE old.state = 'held'
"""
_ADD_CITED = """
    INSERT INTO billing.cited_register (contract_id, month, point_id, day, register_wh)
    SELECT new.contract_id, new.month, new.point_id, new.day, new.register_wh
      FROM jsonb_to_recordset(%s) AS new(
           contract_id uuid, month date, point_id integer, day date, register_wh bigint)
"""
_DROP_STALE = """
    DELETE FROM billing.period AS period
     WHERE period.month = %(first)s AND period.state = 'held'
       AND NOT EXISTS (SELECT FROM billing.contract AS contract
                        WHERE contract.contract_id = period.contract_id
                          AND contract.first_day < %(end)s AND contract.end_day > %(first)s)
"""

_LOST = "SELECT contract_id FROM billing.lost_invoice WHERE contract_id = ANY(%s) AND month = %s"

BEFORE_ALL = UUID(int=0)
Row = Mapping[str, Any]


async def lock_series(tx: Transaction, year: int) -> Series:
    """Wait for one's turn to issue, and hold it until the transaction ends."""
    new = Series()
    row = await (await tx.execute(_LOCK_SERIES, [year, new.next_number, new.chain_sha256])).fetchone()
    if row is None:
        raise LookupError(f"the number series of {year} gave no row")
    return Series(*row)


async def move_series(tx: Transaction, year: int, series: Series) -> None:
    """Note where the numbers go on."""
    await tx.execute(_MOVE_SERIES, [series.next_number, series.chain_sha256, year])


async def to_bill(tx: Transaction, month: Span, after: UUID, limit: int) -> list[Contract]:
    """Lock the next contracts with days in a month that has no invoice for them; in the order of their ids."""
    values = {"first": month.first, "end": month.end, "after": after, "limit": limit}
    async with tx.cursor(row_factory=dict_row) as cursor:
        rows = await (await cursor.execute(_TO_BILL, values)).fetchall()
    return [contract_from(row) for row in rows]


async def lost(tx: Transaction, contracts: Sequence[Contract], month: Span) -> set[ContractId]:
    """Name the contracts that were billed for a month after the backup that the database was put back from."""
    ids = [contract.contract_id for contract in contracts]
    return {row[0] for row in await (await tx.execute(_LOST, [ids, month.first])).fetchall()}


async def figures(tx: Transaction, wanted: Sequence[tuple[PointId, Span]]) -> list[Figures]:
    """Read registers and days for parts of points, in one statement and so as of one moment; one answer each."""
    points = [point for point, _ in wanted]
    firsts, ends = [span.first for _, span in wanted], [span.end for _, span in wanted]
    rows = await (await tx.execute(_FIGURES, [points, firsts, ends])).fetchall()
    return [Figures(*row) for row in rows]


async def close_network_means(tx: Transaction, month: Span) -> None:
    """Reckon the networks' means of a month, where that was not done before."""
    await tx.execute(_CLOSE_NETWORK_MEANS, {"first": month.first, "end": month.end})


async def parties(tx: Transaction, contracts: Sequence[Contract]) -> dict[ContractId, Row]:
    """Read whom and where each invoice is for; a contract whose customer or place is unknown is left out."""
    ids = [contract.contract_id for contract in contracts]
    customers = [contract.customer_id for contract in contracts]
    points = [contract.point_id for contract in contracts]
    async with tx.cursor(row_factory=dict_row) as cursor:
        rows = await (await cursor.execute(_PARTIES, [ids, customers, points])).fetchall()
    return {row.pop("contract_id"): row for row in rows}


async def add_invoices(tx: Transaction, invoices: Sequence[Row], lines: Sequence[Row], cited: Sequence[Row]) -> None:
    """Write invoices with their lines, and the registers they rest on. Values are text and numbers, as in JSON."""
    await tx.execute(_ADD_INVOICES, [Jsonb(invoices)])
    await tx.execute(_ADD_LINES, [Jsonb(lines)])
    await tx.execute(_ADD_CITED, [Jsonb(cited)])


async def put_periods(tx: Transaction, periods: Sequence[Row]) -> None:
    """Note what became of each contract's month; what was issued before stays as it is."""
    await tx.execute(_PUT_PERIODS, [Jsonb(periods)])


async def drop_stale(tx: Transaction, month: Span) -> None:
    """Forget held months of contracts that no longer have a day in them."""
    await tx.execute(_DROP_STALE, {"first": month.first, "end": month.end})
