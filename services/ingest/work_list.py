"""What waits for an operator: refused, held and flagged, by reason, age and energy at stake."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from services.common.postgres import Transaction
from services.ingest.core.vee.rules import Rule
from services.ingest.core.verdict import FIRST_REFUSED, Verdict
from services.ingest.sources.mbus_status import FOR_AN_OPERATOR, OF_MEASURING
from services.ingest.store import work_list as store
from services.ingest.store.work_list import Group

FIRST_OF_FORM = int(Verdict.INVALID)
"""Verdicts of this number or above refuse a reading for its form."""


class Order(StrEnum):
    """What stands first on the list."""

    ENERGY = "kwh"
    AGE = "age"
    READINGS = "readings"


class Wanted(NamedTuple):
    """Which part of the list is asked for."""

    reason: str | None
    point: str | None
    """A metering point's number, or a serial of which readings are held."""
    older_than_days: int
    order: Order
    skip: int
    """How many groups stand on the pages before."""
    most: int


PROPOSED = {
    Verdict.REGISTER_WENT_BACKWARDS: ("withdraw", "correct", "assign_meter"),
    Verdict.ABOVE_PLAUSIBLE_MAXIMUM: ("accept", "correct", "withdraw"),
    Verdict.SENTINEL: ("settle", "accept"),
    Verdict.METER_NOT_INSTALLED: ("assign_meter",),
    Verdict.REGISTER_ABOVE_MODULUS: ("assign_meter",),
    Verdict.OUTAGE_ZERO: ("settle",),
    Verdict.UNREGISTERED_EXCHANGE: ("assign_meter", "withdraw"),
    Verdict.CONFLICTING_VALUES: ("correct",),
    Verdict.IMPLAUSIBLE_STOP: ("assign_meter", "withdraw"),
    Verdict.UNKNOWN_METER: ("assign_meter",),
    Verdict.UNKNOWN_METERING_POINT: ("put_metering_point",),
}
PROPOSED_OF_FORM = ("ask_the_sender",)
PROPOSED_OTHERWISE = ("correct", "withdraw")
PROPOSED_OF_FLAG = ("correct", "settle")
PROPOSED_OF_STATUS = ("visit_the_meter", "settle")
WHY_OF_STATUS = "the meter says so of itself in its newest telegrams; its manual says what to do there"


def reasons() -> list[str]:
    """Name the reasons that the list knows: verdicts, rules, and statuses that somebody must act on."""
    refusals = [verdict.label for verdict in Verdict if verdict >= FIRST_REFUSED]
    return [*refusals, *(rule.label for rule in Rule), *FOR_AN_OPERATOR]


async def waiting(tx: Transaction, wanted: Wanted) -> dict[str, Any]:
    """Give a page of the groups that wait, and how many there are of all; behind the last page nobody has counted."""
    now = datetime.now(UTC)
    found = await store.groups(
        tx,
        {
            "verdicts": _numbers(wanted.reason, {verdict.label: int(verdict) for verdict in Verdict}),
            "rules": _numbers(wanted.reason, {rule.label: int(rule) for rule in Rule}),
            "statuses": [one for one in FOR_AN_OPERATOR if wanted.reason in (None, one)],
            "of_measuring": list(OF_MEASURING),
            "point": wanted.point,
            "older_than": now - timedelta(days=wanted.older_than_days),
            "order": wanted.order.value,
            "skip": wanted.skip,
            "most": wanted.most,
            "exchange": int(Verdict.UNREGISTERED_EXCHANGE),
        },
    )
    none = None if wanted.skip else 0
    return {"groups": found[0].groups if found else none, "shown": [_shown(one, now) for one in found]}


def _numbers(reason: str | None, known: dict[str, int]) -> list[int] | None:
    """Give which numbers are asked for; None: all, and none of a kind that the reason is not of."""
    if reason is None:
        return None
    return [known[reason]] if reason in known else []


def _shown(group: Group, now: datetime) -> dict[str, Any]:
    return {
        "kind": group.kind,
        **_told(group),
        "metering_point": group.metering_point,
        "serial": group.serial,
        "from_at": group.from_at,
        "to_at": group.to_at,
        "readings": group.readings,
        "age_days": None if group.from_at is None else (now - group.from_at).days,
        "kwh_at_stake": group.stake_wh / 1_000,
    }


def _told(group: Group) -> dict[str, Any]:
    """Name why a group waits, what can be done about it, and why that is."""
    if group.kind == "flagged":
        return {"reason": Rule(group.reason).label, "proposed": list(PROPOSED_OF_FLAG), "why": None}
    if group.kind == "status":
        return {"reason": group.status, "proposed": list(PROPOSED_OF_STATUS), "why": WHY_OF_STATUS}
    verdict = Verdict(group.reason)
    return {"reason": verdict.label, "proposed": list(_proposed(verdict)), "why": verdict.why}


def _proposed(verdict: Verdict) -> tuple[str, ...]:
    otherwise = PROPOSED_OF_FORM if verdict >= FIRST_OF_FORM else PROPOSED_OTHERWISE
    return PROPOSED.get(verdict, otherwise)
