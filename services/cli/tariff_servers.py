"""Another utility's tariffs, read from its server of the draft District Heating Tariff API 0.1.0.

What the draft leaves open is read as docs/tariff-api.md says; what that does not cover is refused in words, since a
price that is half understood is a wrong one.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import httpx
from pydantic import TypeAdapter, ValidationError

from deploy.local.folder import StackError
from schemas.tariffs import CalendarPattern, Tariff
from services.common.problems import faults_of, written

TOKEN_VARIABLE = "KULVERT_TARIFFS_TOKEN"  # noqa: S105 - its name
KNOWN_VERSION = "0.1."
TIMEOUT_S = 10.0
WHOLE_ANSWER_S = 60.0
MOST_BYTES = 50 * 1024 * 1024
MOST_REDIRECTS = 3
GROUPS = ("fixedPrice", "energyPrice", "powerPrice", "efficiencyPrice")

_patterns = TypeAdapter(tuple[CalendarPattern, ...])


class Unreadable(NamedTuple):
    """A tariff that cannot be read, and why."""

    product: str
    why: list[str]


class Offer(NamedTuple):
    """What a server gives."""

    operator: str
    version: str
    tariffs: list[Tariff]
    unreadable: list[Unreadable]
    calendar_patterns: tuple[CalendarPattern, ...]


def read(address: str, token: str | None = None) -> Offer:
    """Ask a server for its tariffs. Raises StackError, which says what was wrong and what to do.

    token: for a server that wants one for all that it answers, as the draft's text can be read. It is not sent on to
    another host.
    """
    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    with httpx.Client(
        timeout=TIMEOUT_S,
        follow_redirects=True,
        max_redirects=MOST_REDIRECTS,
        headers=headers,
    ) as client:
        info = _object(_document(client, f"{address}/info"), "/info")
        tariffs = _object(_document(client, f"{address}/tariffs"), "/tariffs")
    return offer(info, tariffs)


def offer(info: Mapping[str, Any], answer: Mapping[str, Any]) -> Offer:
    """Read the answers to /info and /tariffs. Raises StackError."""
    listed = answer.get("tariffs")
    if not isinstance(listed, list):
        raise StackError("/tariffs has no list of tariffs; is this the address of a tariff API?")
    try:
        patterns = _patterns.validate_python(_said(answer.get("calendarPatterns") or []))
    except ValidationError as error:
        raise StackError(f"calendarPatterns cannot be read: {'; '.join(_words(error))}") from error
    taken: list[Tariff] = []
    unreadable: list[Unreadable] = []
    for one in listed:
        try:
            taken.append(Tariff.model_validate(_tariff(_said(one))))
        except ValidationError as error:
            unreadable.append(Unreadable(_name(one), _words(error)))
    return Offer(
        written(str(info.get("operator", "")), 200),
        written(str(info.get("apiVersion", "")), 20),
        taken,
        unreadable,
        patterns,
    )


def named_days(tariffs: Sequence[Tariff]) -> set[str]:
    """Name the calendar patterns that tariffs refer to."""
    return {
        name
        for tariff in tariffs
        for group in (tariff.energy_price, tariff.power_price, tariff.efficiency_price)
        for component in group.components
        for period in component.recurring_periods or ()
        for active in period.active_periods
        for name in (*active.calendar_pattern_references.include, *active.calendar_pattern_references.exclude)
    }


def _document(client: httpx.Client, address: str) -> Any:
    try:
        status, body = _answer(client, address)
    except httpx.HTTPError as error:
        raise StackError(f"{address} does not answer: {type(error).__name__}") from error
    document = _json(body, address) if status == httpx.codes.OK or body.lstrip().startswith(b"{") else {}
    if status != httpx.codes.OK:
        detail = document.get("detail") if isinstance(document, dict) else None
        if status == httpx.codes.UNAUTHORIZED:
            raise StackError(f"{address} wants a token; give it by --token, or in {TOKEN_VARIABLE}")
        raise StackError(f"{address} answers {status}" + (f": {written(str(detail), 300)}" if detail else ""))
    return document


def _answer(client: httpx.Client, address: str) -> tuple[int, bytes]:
    """Take an answer within limits of size and time, which the timeouts of single reads do not set."""
    deadline = time.monotonic() + WHOLE_ANSWER_S
    body = bytearray()
    with client.stream("GET", address) as answer:
        for part in answer.iter_bytes():
            body += part
            if len(body) > MOST_BYTES:
                raise StackError(f"{address} answers with more than {MOST_BYTES // 1024**2} MiB; nothing was taken")
            if time.monotonic() > deadline:
                raise StackError(f"{address} takes over {WHOLE_ANSWER_S:g} s to answer; nothing was taken")
        return answer.status_code, bytes(body)


def _json(body: bytes, address: str) -> Any:
    def refuse(_: str) -> Any:
        raise ValueError("NaN and Infinity are no numbers of JSON")

    try:
        return json.loads(body.decode("utf-8-sig"), parse_float=Decimal, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise StackError(f"{address} does not answer with JSON; is this the address of a tariff API?") from error


def _object(document: Any, path: str) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise StackError(f"{path} does not answer with an object; is this the address of a tariff API?")
    return document


def _said(value: Any) -> Any:
    """Leave out what is null: the draft knows no nulls, and a server that writes them means nothing by it."""
    if isinstance(value, dict):
        return {name: _said(one) for name, one in value.items() if one is not None}
    return [_said(one) for one in value] if isinstance(value, list) else value


def _tariff(tariff: Any) -> Any:
    if not isinstance(tariff, dict):
        return tariff
    groups = {name: _group(tariff[name]) for name in GROUPS if isinstance(tariff.get(name), dict)}
    return {**tariff, **groups, **dict(_organisation(tariff.get("companyOrgNo")))}


def _organisation(number: Any) -> Iterator[tuple[str, str]]:
    # The draft does not say how it is written; Swedish ones have ten digits.
    digits = re.sub(r"[^0-9]", "", number) if isinstance(number, str) else ""
    if len(digits) == 10:
        yield "companyOrgNo", f"{digits[:6]}-{digits[6:]}"


def _group(group: dict[str, Any]) -> dict[str, Any]:
    function, components = group.get("costFunction"), group.get("components")
    more: dict[str, Any] = {}
    if isinstance(function, str):
        more["costFunction"] = re.sub(r"\s", "", function)
    if isinstance(components, list):
        more["components"] = [_component(one) if isinstance(one, dict) else one for one in components]
    return {**group, **more}


def _component(component: dict[str, Any]) -> dict[str, Any]:
    """Read no recurring period as always."""
    left_out = {"recurringPeriods"} if component.get("recurringPeriods") == [] else set()
    return {name: value for name, value in component.items() if name not in left_out}


def _name(tariff: Any) -> str:
    product = tariff.get("product") if isinstance(tariff, dict) else None
    return written(str(product), 200) if product else "(without a product)"


def _words(error: ValidationError) -> list[str]:
    return [f"{one['field']}: {one['reason']}" for one in faults_of(error.errors())]
