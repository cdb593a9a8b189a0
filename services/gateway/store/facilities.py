"""Facilities, their figures and what is agreed for them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.gateway.store.reader import Connection

Row = Any

_FACILITIES = """
    SELECT facility.facility_id, facility.facility_number, facility.name, facility.address,
           point.point_id, point.number, point.medium, point.station_id, newest.day AS newest_day
      FROM contracts_v1.facility AS facility
      JOIN contracts_v1.metering_point AS point USING (facility_id)
      LEFT JOIN LATERAL (
               SELECT day.day FROM ingest_v1.day AS day
                WHERE day.point_id = point.point_id AND day.energy_wh IS NOT NULL
                ORDER BY day.day DESC LIMIT 1) AS newest ON true
     WHERE $1::uuid IS NULL OR facility.facility_id = $1
     ORDER BY facility.name, facility.facility_number, point.number
"""
_NEWEST_HOUR = """
    SELECT starts_at, energy_wh, supply_c, return_c, quality FROM ingest_v1.hour
     WHERE point_id = $1 AND energy_wh IS NOT NULL AND starts_at >= $2
     ORDER BY starts_at DESC LIMIT 1
"""
_DAYS = """
    SELECT day.day, day.energy_wh, day.maximum_hour_wh, day.volume_l, day.hours_expected, day.hours_present,
           day.hours_measured, day.quality, day.revision, outdoor.mean_c AS outdoor_c
      FROM ingest_v1.day AS day
      LEFT JOIN ingest_v1.daily_temperature AS outdoor ON outdoor.station_id = $4 AND outdoor.day = day.day
     WHERE day.point_id = $1 AND day.day BETWEEN $2 AND $3
     ORDER BY day.day
"""
_HOURS = """
    SELECT hour.starts_at, hour.energy_wh, hour.volume_l, hour.supply_c, hour.return_c, hour.quality, hour.revision,
           outdoor.celsius AS outdoor_c
      FROM ingest_v1.hour AS hour
      LEFT JOIN ingest_v1.outdoor_temperature AS outdoor
             ON outdoor.station_id = $4 AND outdoor.starts_at = hour.starts_at
     WHERE hour.point_id = $1 AND hour.starts_at >= $2 AND hour.starts_at < $3
     ORDER BY hour.starts_at
"""
_CONTRACTS = """
    SELECT contract.contract_id, contract.contract_number, contract.price_list_id, contract.valid_from,
           contract.valid_to, customer.name AS customer_name, customer.customer_number
      FROM contracts_v1.contract AS contract
      LEFT JOIN contracts_v1.customer AS customer USING (customer_id)
     WHERE contract.point_id = $1
     ORDER BY contract.valid_from DESC
"""
_POWERS = """
    SELECT power.valid_from, power.kw, power.method, determination.winter, determination.measured_kw,
           determination.r2, determination.days, determination.decision
      FROM contracts_v1.power_in_force AS power
      LEFT JOIN contracts_v1.determination AS determination
             ON determination.determination_id = power.determination_id
     WHERE power.contract_id IN (SELECT contract_id FROM contracts_v1.contract WHERE point_id = $1)
     ORDER BY power.valid_from DESC
"""
_EPISODES = """
    SELECT episode.episode_id, episode.point_id, episode.opened_at, episode.closed_at, episode.extreme,
           episode.limit_value, episode.state, episode.quantity
      FROM alerts_v1.episode AS episode
     WHERE episode.point_id = ANY($1::int[]) AND episode.state <> 'withdrawn'
     ORDER BY episode.opened_at DESC
     LIMIT $2
"""
_INVOICES = """
    SELECT invoice.number, invoice.issued_at, invoice.due_on, invoice.month, invoice.total_ore
      FROM billing_v1.invoice AS invoice
     WHERE EXISTS (SELECT FROM billing_v1.invoice_line AS line
                    WHERE line.invoice_id = invoice.invoice_id AND line.point_id = ANY($1::int[]))
     ORDER BY invoice.issued_at DESC, invoice.number DESC
     LIMIT $2
"""


async def facilities(connection: Connection, facility_id: UUID | None = None) -> list[Row]:
    """List the visitor's metering points with their facilities and the newest day each has figures of."""
    rows: list[Row] = await connection.fetch(_FACILITIES, facility_id)
    return rows


async def newest_hour(connection: Connection, point_id: int, since: datetime) -> Row | None:
    """Give the newest hour with a figure, not older than `since`."""
    return await connection.fetchrow(_NEWEST_HOUR, point_id, since)


async def days(connection: Connection, point_id: int, first: date, last: date, station_id: str | None) -> list[Row]:
    """Give the days of a span, both ends included, with the outdoor temperature."""
    rows: list[Row] = await connection.fetch(_DAYS, point_id, first, last, station_id)
    return rows


async def hours(
    connection: Connection, point_id: int, start: datetime, end: datetime, station_id: str | None
) -> list[Row]:
    """Give the hours that begin from `start` up to, not including, `end`."""
    rows: list[Row] = await connection.fetch(_HOURS, point_id, start, end, station_id)
    return rows


async def contracts(connection: Connection, point_id: int) -> list[Row]:
    """Give the visible contracts of a metering point, one row a term, newest first."""
    rows: list[Row] = await connection.fetch(_CONTRACTS, point_id)
    return rows


async def powers(connection: Connection, point_id: int) -> list[Row]:
    """Give the subscription powers with what each rests on, newest first."""
    rows: list[Row] = await connection.fetch(_POWERS, point_id)
    return rows


async def episodes(connection: Connection, points: list[int], limit: int) -> list[Row]:
    """Give the newest alerts."""
    rows: list[Row] = await connection.fetch(_EPISODES, points, limit)
    return rows


async def invoices(connection: Connection, points: list[int], limit: int) -> list[Row]:
    """Give the newest invoices that have a line on one of the metering points."""
    rows: list[Row] = await connection.fetch(_INVOICES, points, limit)
    return rows
