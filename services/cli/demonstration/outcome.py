"""The table at the end: what came out, as the services' published views show it."""

from typing import Any, LiteralString

import psycopg
from rich.box import SIMPLE
from rich.table import Table

from deploy.local.stack import Stack
from services.cli.demonstration.following import Billed

_READINGS = """
    SELECT coalesce(sum(readings) FILTER (WHERE verdict = 1), 0), coalesce(sum(readings) FILTER (WHERE verdict = 4), 0),
           coalesce(sum(readings) FILTER (WHERE verdict >= 10), 0)
      FROM ingest.delivery_result
"""
_HOURS = """
    SELECT count(*), count(*) FILTER (WHERE quality = 'measured'), sum(energy_wh) / 1e6 FROM ingest_v1.hour
"""
_DAYS = "SELECT count(*) FROM ingest_v1.day"
_HOUSE = """
    SELECT count(*), sum(energy_wh) / 1000.0, sum(volume_l) / 1000.0
      FROM ingest_v1.hour JOIN ingest.point USING (point_id)
     WHERE number = %s
"""
_INVOICES = "SELECT count(*), coalesce(sum(total_ore), 0) / 100.0 FROM billing_v1.invoice"
_EPISODES = """
    SELECT count(*), count(*) FILTER (WHERE state IN ('open', 'acknowledged')) FROM alerts_v1.episode
"""


def table(stack: Stack, rate_s: float | None, billed: Billed, powers: list[dict[str, Any]], house: str | None) -> Table:
    """Give the table of what came out.

    rate_s: readings a second, from the head-end to stored hours and days; None where all had come before.
    """
    outcome = Table(title="What came out", show_header=False, box=SIMPLE)
    outcome.add_column(style="dim")
    outcome.add_column(justify="right")
    outcome.add_column()
    accepted, repeated, refused = _row(stack, "ingest", _READINGS)
    outcome.add_row("readings", f"{accepted:,}", f"accepted; {repeated:,} came twice, {refused:,} refused and kept")
    hours, measured, energy_mwh = _row(stack, "ingest", _HOURS)
    outcome.add_row("hours", f"{hours:,}", f"{measured:,} of them measured; {energy_mwh:,.1f} MWh in all")
    outcome.add_row("days", f"{_row(stack, 'ingest', _DAYS)[0]:,}", "local days, of 23, 24 and 25 hours")
    if house is not None:
        count, energy_kwh, volume_m3 = _row(stack, "ingest", _HOUSE, house)
        outcome.add_row("Danish house", f"{energy_kwh:,.2f} kWh", f"{volume_m3:,.3f} m3 in {count:,} hours")
    invoices, kronor = _row(stack, "billing", _INVOICES)
    held = f"; held back: {_in_words(billed.held)}" if billed.held else ""
    outcome.add_row("invoices", f"{invoices:,}", f"{kronor:,.2f} kr incl. VAT{held}")
    for one in powers:
        outcome.add_row(f"power {one['metering_point']}", *_power(one))
    episodes, open_now = _row(stack, "alerts", _EPISODES)
    outcome.add_row("alerts", f"{episodes:,}", f"of the whole time; {open_now:,} open now")
    if rate_s is None:
        outcome.add_row("rate", "-", "taken at the first start; now the readings were there already")
    else:
        outcome.add_row("rate", f"{rate_s:,.0f}/s", "readings, from the head-end to stored hours and days")
    return outcome


def _row(stack: Stack, role: str, query: LiteralString, *parameters: str) -> tuple[Any, ...]:
    with psycopg.connect(stack.dsn(role), autocommit=True) as connection:
        row = connection.execute(query, parameters).fetchone()
    return row or ()


def _in_words(counts: Any) -> str:
    return ", ".join(f"{count} for {reason.replace('_', ' ')}" for reason, count in sorted(counts.items()))


def _power(one: dict[str, Any]) -> tuple[str, str]:
    if one["measured_kw"] is None:
        return "not determined", f"winter {one['winter']}: {one['reason'].replace('_', ' ')}"
    period = f"{one['window_from']} to {one['window_to']}"
    return f"{one['measured_kw']} kW", f"at -5 C, winter {one['winter']}, {period}, r2 {one['r2']:.2f}"
