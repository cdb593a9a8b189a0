"""All that a figure rests on, each explanation in one statement."""

from datetime import date, datetime
from typing import Any

from psycopg.rows import dict_row

from services.common.postgres import Transaction

OTHERS_SHOWN = 200
"""Readings that do not count: so many of them, those nearest to the middle of what is explained."""

# The readings that count begin at one before the day and end at one behind it. Of deliveries only what is small is
# read: the bytes are asked for one by one.
_DAY = """
    WITH wanted AS (
        SELECT point_id, number, medium, station_id, %(from_at)s::timestamptz AS from_at,
               %(to_at)s::timestamptz AS to_at
          FROM ingest.point WHERE number = %(number)s),
    span AS (
        SELECT wanted.*, coalesce(first.read_at, wanted.from_at) AS first_at,
               coalesce(last.read_at, wanted.to_at) AS last_at
          FROM wanted
          LEFT JOIN LATERAL (
               SELECT read_at FROM ingest.reading
                WHERE reading.point_id = wanted.point_id AND verdict = 1 AND read_at <= wanted.from_at
                ORDER BY read_at DESC LIMIT 1) AS first ON true
          LEFT JOIN LATERAL (
               SELECT read_at FROM ingest.reading
                WHERE reading.point_id = wanted.point_id AND verdict = 1 AND read_at >= wanted.to_at
                ORDER BY read_at LIMIT 1) AS last ON true),
    taken AS (
        SELECT reading.read_at, reading.content_hash, meter.serial, coalesce(reading.meter_id, 0) AS meter_id,
               reading.rank, reading.recorded_at, reading.energy_wh, reading.volume_l, reading.withdrawn,
               reading.verdict, reading.delivery_id
          FROM span
          JOIN ingest.reading ON reading.point_id = span.point_id AND reading.verdict = 1
           AND reading.read_at >= span.first_at AND reading.read_at <= span.last_at
          LEFT JOIN ingest.meter USING (meter_id)),
    stops AS (
        SELECT reading.read_at, reading.content_hash, meter.serial, coalesce(reading.meter_id, 0) AS meter_id,
               reading.rank, reading.recorded_at, reading.energy_wh, reading.volume_l, reading.withdrawn,
               reading.verdict, reading.delivery_id
          FROM span
          JOIN ingest.reading ON reading.point_id = span.point_id AND reading.verdict = 6
           AND reading.read_at >= span.first_at AND reading.read_at <= span.last_at
          LEFT JOIN ingest.meter USING (meter_id)),
    others AS (
        SELECT reading.read_at, reading.content_hash, meter.serial, coalesce(reading.meter_id, 0) AS meter_id,
               reading.rank, reading.recorded_at, reading.energy_wh, reading.volume_l, reading.withdrawn,
               reading.verdict, reading.delivery_id
          FROM span
          JOIN ingest.reading ON reading.point_id = span.point_id AND reading.verdict NOT IN (1, 6)
           AND reading.read_at >= span.first_at AND reading.read_at <= span.last_at
          LEFT JOIN ingest.meter USING (meter_id)),
    nearest AS (
        SELECT * FROM others
         ORDER BY abs(extract(epoch FROM read_at - %(middle)s::timestamptz)), content_hash LIMIT %(shown)s)
    SELECT span.point_id, span.number, span.medium, span.station_id,
           (SELECT jsonb_agg(to_jsonb(one) ORDER BY one.read_at) FROM taken AS one) AS readings,
           (SELECT jsonb_agg(to_jsonb(one) ORDER BY one.read_at) FROM stops AS one) AS stops,
           (SELECT jsonb_agg(to_jsonb(one) ORDER BY one.read_at, one.rank, one.recorded_at) FROM nearest AS one)
               AS others,
           (SELECT count(*) FROM others) AS others_there,
           (SELECT jsonb_object_agg(delivery.delivery_id, jsonb_build_object(
                       'delivery_id', delivery.delivery_id, 'source', source.name,
                       'received_at', delivery.received_at, 'idempotency_key', delivery.idempotency_key,
                       'correlation_id', delivery.correlation_id, 'content_type', payload.content_type,
                       'compressed_bytes', octet_length(payload.zstd_bytes),
                       'sha256', encode(delivery.body_sha256, 'hex'), 'who', edit.who, 'cause', edit.cause,
                       'by', edit.document ->> 'by'))
              FROM (SELECT delivery_id FROM taken UNION SELECT delivery_id FROM stops
                     UNION SELECT delivery_id FROM nearest) AS named
              JOIN ingest.delivery USING (delivery_id)
              JOIN ingest.source USING (source_id)
              LEFT JOIN ingest.delivery_payload AS payload USING (delivery_id)
              LEFT JOIN ingest.edit ON edit.edit_id = delivery.delivery_id) AS deliveries,
           (SELECT jsonb_agg(to_jsonb(one) ORDER BY one.starts_at)
              FROM (SELECT starts_at, energy_wh, volume_l, supply_centi_c, return_centi_c, start_quality, end_quality,
                           revision, nullif(known_from, '-infinity') AS known_from
                      FROM ingest.hour
                     WHERE hour.point_id = span.point_id AND starts_at >= span.from_at AND starts_at < span.to_at
                   ) AS one) AS hours,
           (SELECT jsonb_agg(to_jsonb(one) ORDER BY one.starts_at, one.revision)
              FROM (SELECT starts_at, energy_wh, quality, rule, revision, nullif(known_from, '-infinity') AS known_from,
                           known_to
                      FROM ingest_v1.hour_version AS version
                     WHERE version.point_id = span.point_id AND starts_at >= span.from_at AND starts_at < span.to_at
                       AND known_to < 'infinity') AS one) AS hours_before,
           (SELECT jsonb_object_agg(one.day, to_jsonb(one))
              FROM (SELECT day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured, is_measured,
                           volume_l, register_wh, register_l, offset_wh, quality, revision,
                           nullif(known_from, '-infinity') AS known_from
                      FROM ingest.day
                     WHERE day.point_id = span.point_id AND day BETWEEN %(day)s::date - 1 AND %(day)s) AS one) AS days,
           (SELECT jsonb_agg(to_jsonb(one) ORDER BY one.known_from)
              FROM (SELECT energy_wh, register_wh, quality, revision, nullif(known_from, '-infinity') AS known_from,
                           known_to
                      FROM ingest_v1.day_version AS version
                     WHERE version.point_id = span.point_id AND day = %(day)s AND known_to < 'infinity') AS one)
               AS day_before,
           (SELECT jsonb_agg(jsonb_build_array(
                       span.point_id, place.meter_id, extract(epoch FROM installed_at)::bigint,
                       extract(epoch FROM removed_at)::bigint, start_wh, stop_wh, start_l, stop_l, modulus_wh,
                       modulus_l, resolution_wh, rules_off, smoothing::int, meter.serial) ORDER BY installed_at)
              FROM ingest.meter_installation AS place JOIN ingest.meter USING (meter_id)
             WHERE place.point_id = span.point_id) AS places,
           (SELECT jsonb_agg(jsonb_build_array(month - DATE '1970-01-01', base_w, slope_w_per_c, balance_centi_c, r2,
                       days) ORDER BY month)
              FROM ingest.signature
             WHERE signature.point_id = span.point_id AND refused = 0
               AND month > span.first_at::date - 33 AND month <= span.last_at::date + 1) AS signatures,
           (SELECT jsonb_agg(jsonb_build_array(extract(epoch FROM starts_at)::bigint, celsius) ORDER BY starts_at)
              FROM ingest_v1.outdoor_temperature AS outdoor
             WHERE outdoor.station_id = span.station_id AND starts_at > span.first_at - interval '1 hour'
               AND starts_at < span.last_at) AS outdoor,
           (SELECT jsonb_agg(jsonb_build_object('starts_at', starts_at, 'rule', rule) ORDER BY starts_at, rule)
              FROM ingest_v1.flag
             WHERE flag.point_id = span.point_id AND starts_at >= span.from_at AND starts_at < span.to_at) AS flags,
           (SELECT jsonb_agg(jsonb_build_object('read_at', read_at, 'serial', serial, 'statuses', statuses)
                       ORDER BY read_at)
              FROM ingest_v1.meter_status AS told
             WHERE told.point_id = span.point_id AND read_at >= span.first_at AND read_at <= span.last_at) AS statuses,
           (SELECT jsonb_agg(to_jsonb(edit) - 'point_id' ORDER BY edit.at)
              FROM ingest.edit
             WHERE edit.point_id = span.point_id AND from_at <= span.to_at AND to_at >= span.from_at) AS edits,
           (SELECT settled_until FROM ingest.kept) AS kept_from,
           EXISTS (SELECT FROM ingest.rejudge
                    WHERE rejudge.point_id = span.point_id AND changed_from IS NULL
                      AND from_at <= span.last_at AND to_at >= span.first_at) AS waits_to_be_judged
      FROM span
"""

_MONTH = """
    SELECT point.number, point.medium,
           (SELECT jsonb_agg(to_jsonb(one) ORDER BY one.day)
              FROM (SELECT day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured, register_wh,
                           offset_wh, quality, revision
                      FROM ingest.day
                     WHERE day.point_id = point.point_id AND day >= %(first)s::date - 1 AND day < %(next)s) AS one)
               AS days,
           (SELECT jsonb_object_agg(CASE WHEN of_a_day THEN 'of_days' ELSE 'of_open_days' END, wh)
              FROM (SELECT EXISTS (SELECT FROM ingest.day
                                    WHERE day.point_id = point.point_id
                                      AND day.day = (hour.starts_at AT TIME ZONE %(zone)s)::date) AS of_a_day,
                           sum(energy_wh)::bigint AS wh
                      FROM ingest.hour
                     WHERE hour.point_id = point.point_id AND starts_at >= %(from_at)s AND starts_at < %(to_at)s
                     GROUP BY 1) AS summed) AS hours_wh,
           (SELECT jsonb_agg(to_jsonb(one) ORDER BY one.read_at)
              FROM (SELECT ends.is_at_end, near.read_at, near.energy_wh, near.serial, near.rank,
                           jsonb_build_object('by', edit.document ->> 'by', 'who', edit.who, 'cause', edit.cause)
                               AS delivery
                      FROM (VALUES (false, %(from_at)s::timestamptz), (true, %(to_at)s)) AS ends(is_at_end, at)
                      CROSS JOIN LATERAL (
                           (SELECT read_at, energy_wh, serial, rank, delivery_id
                              FROM ingest.reading LEFT JOIN ingest.meter USING (meter_id)
                             WHERE reading.point_id = point.point_id AND verdict = 1 AND read_at <= ends.at
                             ORDER BY read_at DESC LIMIT 1)
                            UNION
                           (SELECT read_at, energy_wh, serial, rank, delivery_id
                              FROM ingest.reading LEFT JOIN ingest.meter USING (meter_id)
                             WHERE reading.point_id = point.point_id AND verdict = 1 AND read_at >= ends.at
                             ORDER BY read_at LIMIT 1)) AS near
                      LEFT JOIN ingest.edit ON edit.edit_id = near.delivery_id) AS one) AS readings,
           (SELECT jsonb_agg(to_jsonb(one) ORDER BY one.day, one.known_from)
              FROM (SELECT day, energy_wh, register_wh, quality, revision,
                           nullif(known_from, '-infinity') AS known_from, known_to
                      FROM ingest_v1.day_version AS version
                     WHERE version.point_id = point.point_id AND day >= %(first)s AND day < %(next)s
                       AND known_to < 'infinity') AS one) AS days_before,
           (SELECT settled_until FROM ingest.kept) AS kept_from,
           EXISTS (SELECT FROM ingest.rejudge
                    WHERE rejudge.point_id = point.point_id AND changed_from IS NULL
                      AND rejudge.from_at <= %(to_at)s AND rejudge.to_at >= %(from_at)s) AS waits_to_be_judged
      FROM ingest.point WHERE point.number = %(number)s
"""

_PAYLOAD = """
    SELECT payload.content_type, payload.zstd_bytes FROM ingest.delivery_payload AS payload
     WHERE payload.delivery_id = %s
"""


async def day(
    tx: Transaction, number: str, which: date, from_at: datetime, to_at: datetime, middle: datetime
) -> dict[str, Any] | None:
    """Give what the figures of a metering point's local day rest on; None where there is no such metering point.

    middle: what the readings that do not count are to be near to.
    """
    parameters = {
        "number": number,
        "day": which,
        "from_at": from_at,
        "to_at": to_at,
        "middle": middle,
        "shown": OTHERS_SHOWN,
    }
    return await (await tx.cursor(row_factory=dict_row).execute(_DAY, parameters)).fetchone()


async def month(
    tx: Transaction, number: str, first: date, following: date, from_at: datetime, to_at: datetime, zone: str
) -> dict[str, Any] | None:
    """Give what a metering point's local month is the sum of; None where there is no such metering point.

    first: its first day, following: that of the next one; from_at, to_at: when these begin.
    """
    days = {"first": first, "next": following, "from_at": from_at, "to_at": to_at}
    parameters = {"number": number, "zone": zone, **days}
    return await (await tx.cursor(row_factory=dict_row).execute(_MONTH, parameters)).fetchone()


async def payload(tx: Transaction, delivery_id: object) -> tuple[str, bytes] | None:
    """Give a delivery's content type and compressed bytes; None where they are not kept."""
    row = await (await tx.execute(_PAYLOAD, [delivery_id])).fetchone()
    return (str(row[0]), bytes(row[1])) if row else None
