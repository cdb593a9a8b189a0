"""What became of a town: the tables that must not depend on how its traffic came in, and what was told of it."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from schemas.alerts import AlertChanged
from schemas.topics import ALERTS, DAILY_POWER, HOURLY_POWER, TOPICS
from tests.faults import levels
from tests.faults.system import System
from tests.version_chains import BROKEN

Rows = list[tuple[Any, ...]]

_TABLES = {
    "reading": """
        SELECT {point}, read_at, recorded_at, rank, right(meter.serial, 1), energy_wh, volume_l, forward_lc, return_lc,
               supply_c, return_c, withdrawn, verdict
          FROM ingest.reading JOIN ingest.point USING (point_id) LEFT JOIN ingest.meter USING (meter_id)
    """,
    "hour": """
        SELECT {point}, starts_at, energy_wh, volume_l, forward_lc, return_lc, supply_centi_c, return_centi_c,
               start_quality, end_quality
          FROM ingest.hour JOIN ingest.point USING (point_id) WHERE energy_wh IS NOT NULL
    """,
    "day": """
        SELECT {point}, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured, is_measured,
               volume_l, forward_lc, forward_l, return_lc, return_l, energy_return_wh_centi_c,
               energy_with_return_wh, register_wh, register_l, quality
          FROM ingest.day JOIN ingest.point USING (point_id) WHERE energy_wh IS NOT NULL
    """,
    "held reading": """
        SELECT substr(serial, {length}), read_at, verdict FROM ingest.held_reading WHERE serial LIKE {pattern}
         UNION ALL
        SELECT substr(number, {length}), read_at, verdict FROM ingest.held_reading WHERE number LIKE {pattern}
    """,
    "outdoor temperature": """
        SELECT starts_at, celsius, recorded_at FROM ingest.outdoor_temperature WHERE station_id LIKE {pattern}
    """,
    "daily temperature": """
        SELECT day, mean_c, hours FROM ingest.daily_temperature WHERE station_id LIKE {pattern}
    """,
    "contract": """
        SELECT {contract}, version, first_day, end_day::text, powers::text FROM billing.contract
    """,
    "holder": """
        SELECT {point}, holder.version, valid_from, valid_to::text
          FROM permissions.contract_period AS holder JOIN ingest.point USING (point_id)
    """,
    "month": """
        SELECT {contract}, month, part_from, part_to, state, held_reason, dirty_reason
          FROM billing.period JOIN billing.contract USING (contract_id)
    """,
    "invoice": """
        SELECT {contract}, month, invoice.part_from, invoice.part_to, net_ore, vat_ore, total_ore
          FROM billing.invoice JOIN billing.contract USING (contract_id)
    """,
    "invoice line": """
        SELECT {contract}, line, line.part_from, line.part_to, component, label, quantity, unit, price, fixed_price,
               days, year_days, vat_percent, amount_ore
          FROM billing.invoice_line AS line JOIN billing.contract USING (contract_id)
    """,
    "episode": """
        SELECT {point}, opened_at, closed_at, extreme, limit_value, state
          FROM alerts.episode JOIN ingest.point USING (point_id) WHERE state <> 'withdrawn'
    """,
}
"""Without ids, revisions and times of our own, which tell of the way and not of the result."""


def tables(system: System, name: str) -> dict[str, Rows]:
    """Give all that is stored of a town, each table's rows in order, points by the number they have in any town."""
    return {table: _rows(system, name, query) for table, query in _TABLES.items()}


def _rows(system: System, name: str, query: str) -> Rows:
    length, pattern = len(name) + 1, f"'{name}-%%'"
    query = query.replace("{length}", str(length)).replace("{pattern}", pattern)
    for place, column in (("{point}", "point.number"), ("{contract}", "contract.contract_number")):
        if place in query:
            query = query.replace(place, f"substr({column}, {length})")
            query += f" {'AND' if 'WHERE' in query else 'WHERE'} {column} LIKE {pattern}"
    return sorted(system.rows(query), key=repr)


def differences(one: dict[str, Rows], other: dict[str, Rows]) -> list[str]:
    """Say where two towns differ, a few rows of each table."""
    found = []
    for table, rows in one.items():
        here, there = Counter(rows), Counter(other[table])
        found += [f"{table}: only the first has {row}" for row in list((here - there).elements())[:5]]
        found += [f"{table}: only the second has {row}" for row in list((there - here).elements())[:5]]
    return found


def untold(system: System) -> list[str]:
    """Say which stored hours and days were never told of as they stand: the highest revision told is the stored one."""
    found = []
    for topic, table, at in ((HOURLY_POWER, "hour", "starts_at"), (DAILY_POWER, "day", "day")):
        told: dict[tuple[Any, Any], tuple[int, Any]] = {}
        for message in levels.messages(system, topic.name):
            with pa.ipc.open_stream(message.value) as stream:
                for row in stream.read_all().to_pylist():
                    key = (row["point_id"], row[at])
                    told[key] = max(told.get(key, (0, 0)), (row["revision"], row["energy_wh"] or 0))
        for point_id, when, revision, energy_wh in system.rows(
            f"SELECT point_id, {at}, revision, coalesce(energy_wh, 0) FROM ingest.{table}"
        ):
            heard = told.get((point_id, when))
            # A day that is not whole yet is stored and told of only once it is.
            if heard != (revision, energy_wh):
                found.append(f"{table} {point_id} {when}: stored {(revision, energy_wh)}, told {heard}")
    return found


def broken_chains(system: System) -> list[str]:
    """Say where a version of an hour or day is missing between two others, or was known before its time."""
    return [f"{kind} {point} {when}: revision {revision}" for kind, point, when, revision in system.rows(BROKEN)]


def dead_letters(system: System) -> list[str]:
    """Give the places of all messages that somebody could not decode."""
    names = [topic.dead for topic in TOPICS]
    return [f"{message.topic}: {dict(message.headers)['came-from']!r}" for message in levels.messages(system, *names)]


def told_twice(system: System) -> list[Any]:
    """Give what the alerts topic tells more than once."""
    return [happening for happening, times in _told(system).items() if times > 1]


def _told(system: System) -> Counter[tuple[Any, str]]:
    events = [AlertChanged.from_bytes(message.value) for message in levels.messages(system, ALERTS.name)]
    return Counter((event.episode_id, str(event.happening)) for event in events)


def wrongly_told(system: System, names: Iterable[str]) -> list[str]:
    """Say which standing episodes were not told of as what they are, once each."""
    told = _told(system)
    wrong = []
    for name in names:
        query = "SELECT episode_id, state FROM alerts.episode JOIN ingest.point USING (point_id) WHERE number LIKE %s"
        for episode_id, state in system.rows(query, f"{name}-%"):
            wanted = {"open": ["opened"], "closed": ["opened", "closed"], "withdrawn": ["withdrawn"]}[state]
            counts = {happening: told[episode_id, happening] for happening in wanted}
            wrong += [] if set(counts.values()) == {1} else [f"{episode_id} is {state}, told: {counts}"]
    return wrong


def wrong_numbers(system: System) -> list[str]:
    """Say which invoice numbers are missing or doubled, and which contracts' months were billed twice."""
    found = [
        f"{year}: numbers {first} to {last} for {count} invoices"
        for year, first, last, count in system.rows(
            "SELECT year, min(sequence), max(sequence), count(DISTINCT sequence) FROM billing.invoice GROUP BY year"
        )
        if (first, last) != (100_001, 100_000 + count)
    ]
    twice = "SELECT contract_id, month FROM billing.invoice GROUP BY 1, 2 HAVING count(*) > 1"
    return found + [f"billed twice: {row}" for row in system.rows(twice)]
