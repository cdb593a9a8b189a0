"""What was known of a town at earlier moments, by the commands that a person asks with."""

import json
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psycopg

from deploy.local.stack import Stack
from services.cli.simulator.calendar import iso
from services.cli.simulator.town import SWEDEN, Town
from tests.integration.kulvert_command import Kulvert

HOURS = 50
"""So many corrected hours are asked about."""
CLOCK_STEP_S = 1.1
"""The command takes whole seconds: so much later the last of them lies behind every change."""
_HOURS = """
    SELECT number, extract(epoch FROM starts_at)::bigint, energy_wh,
           CASE WHEN 3 IN (start_quality, end_quality) OR 5 IN (start_quality, end_quality) THEN 'estimated'
                ELSE (ARRAY['missing', 'measured', 'interpolated', '', 'manual'])
                         [greatest(start_quality, end_quality) + 1] END
      FROM ingest.hour JOIN ingest.point USING (point_id) WHERE number LIKE %s AND energy_wh IS NOT NULL
"""
Hours = dict[tuple[str, int], tuple[str, str]]
"""Metering point and instant to energy and quality, as a command prints them."""


class Known(NamedTuple):
    """All hours of a town as they were stored at a moment."""

    at: datetime
    hours: Hours


def known(connection: psycopg.Connection[Any], town: Town) -> Known:
    """Remember what is stored of a town that is settled, with a moment at which it was."""
    time.sleep(CLOCK_STEP_S)
    now = datetime.now(UTC).replace(microsecond=0)
    rows = connection.execute(_HOURS, [f"{town.name}-%"]).fetchall()
    return Known(now, {(number, at_s): (str(wh), quality) for number, at_s, wh, quality in rows})


def contradictions(
    stack: Stack, folder: Path, town: Town, moments: list[Known], seed: int, most: int = HOURS
) -> list[str]:
    """Ask for corrected hours as they were known at each moment, for their versions and for what they rest on.

    Gives what is answered otherwise than it was stored then, and what a rebuild finds.
    """
    kulvert = Kulvert(stack, folder)
    first, last = moments[0].hours, moments[-1].hours
    changed = sorted(key for key in last if first.get(key, last[key]) != last[key])
    chosen = np.random.default_rng(seed).permutation(len(changed))[:most].tolist()
    found = [words for place in chosen for words in _of_hour(kulvert, changed[place], moments)]
    if not chosen:
        found.append("no hour was corrected")
    rebuilt = kulvert.run("rebuild", *(point.number for point in town.points))
    return found if rebuilt.returncode == 0 else [*found, *rebuilt.stdout.splitlines()[:most], rebuilt.stderr]


def _of_hour(kulvert: Kulvert, hour: tuple[str, int], moments: list[Known]) -> list[str]:
    number, starts_s = hour
    local = datetime.fromtimestamp(starts_s, SWEDEN)
    day, starts_at = local.date().isoformat(), local.isoformat()
    found = []
    versions = kulvert.rows("versions", number, iso(starts_s))
    for moment in moments:
        asked = kulvert.rows("hours", number, "--from", day, "--to", day, "--as-known-on", moment.at.isoformat())
        shown = [(row["energy_wh"], row["quality"]) for row in asked if row["starts_at"] == starts_at]
        was = [moment.hours[hour]] if hour in moment.hours else []
        valid = [(row["energy_wh"], row["quality"]) for row in versions if _is_known(row, moment.at)]
        if not shown == valid == was:
            found.append(f"{number} {starts_at} on {moment.at}: was {was}, hours say {shown}, versions {valid}")
    gaps = [one["known_to"] != next_one["known_from"] for one, next_one in pairwise(versions)]
    if any(gaps) or versions[-1]["known_to"]:
        found.append(f"{number} {starts_at}: versions do not follow each other: {versions}")
    return found + _of_explanation(kulvert, hour, moments[-1])


def _is_known(row: dict[str, str], at: datetime) -> bool:
    known_to = datetime.fromisoformat(row["known_to"]) if row["known_to"] else at + timedelta(days=1)
    return datetime.fromisoformat(row["known_from"]) <= at < known_to


def _of_explanation(kulvert: Kulvert, hour: tuple[str, int], last: Known) -> list[str]:
    explained = kulvert.run("explain", "hour", hour[0], iso(hour[1]), "--format", "json")
    if explained.returncode:
        return [f"{hour}: {explained.stderr}"]
    answer = json.loads(explained.stdout)
    energy_wh, _ = last.hours[hour]
    if answer["adds_up"] and str(answer["derived_wh"]) == str(answer["hour"]["energy_wh"]) == energy_wh:
        return []
    return [f"{hour}: stored {energy_wh} Wh, explained as {answer['hour']} by {answer['derived_wh']} Wh"]
