"""Another utility's server of the draft, answering as the draft's sample does: Göteborg Energi 2026."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

INFO = {
    "name": "District Heating Tariff API",
    "apiVersion": "0.1.0",
    "implementationVersion": "1.2.3-r4",
    "tariffDataLastUpdated": "2026-08-31T00:00:00+02:00",
    "operator": "Exempel Fjärrvärme AB",
    "timeZone": "Europe/Stockholm",
}
BUSINESS = "heat.consume.business.0-100kw"
PRIVATE = "heat.consume.private.normalprislista.aga"
UUID = "00000000-0000-4000-8000-{:012d}"


def _span(first: str, end: str) -> dict[str, str]:
    return {"fromIncluding": first, "toExcluding": end}


YEAR = _span("2026-01-01", "2027-01-01")


def _price(ex_vat: float, inc_vat: float) -> dict[str, Any]:
    return {"priceExVat": ex_vat, "priceIncVat": inc_vat, "currency": "SEK"}


class _Ids:
    def __init__(self, first: int) -> None:
        self._next = first

    def __call__(self) -> str:
        self._next += 1
        return UUID.format(self._next)


def _group(new: _Ids, name: str, function: str, *components: dict[str, Any]) -> dict[str, Any]:
    return {"id": new(), "name": name, "description": name, "costFunction": function, "components": list(components)}


def _component(
    new: _Ids, reference: str, span: dict[str, str], price: tuple[float, float], **other: Any
) -> dict[str, Any]:
    return {
        "id": new(),
        "name": reference,
        "reference": reference,
        "validPeriod": span,
        "price": _price(*price),
        **other,
    }


def _tariff(new: _Ids, name: str, product: str, **groups: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": new(),
        "name": name,
        "description": "",
        "published": "2026-01-01T00:00:00+01:00",
        "timeZone": "Europe/Stockholm",
        "validPeriod": YEAR,
        "companyName": "Exempel Fjärrvärme AB",
        "companyOrgNo": "123456-7890",
        "product": product,
        "direction": "consumption",
        "billingPeriod": "P1M",
        **groups,
    }


def business() -> dict[str, Any]:
    new = _Ids(100)
    per_mwh = {"type": "fixed", "unit": "MWh"}
    returns = {
        "type": "public",
        "unit": "MWh·°C",
        "measurementMethod": "returnTemperature",
        "returnTemperatureSettings": {"referenceSource": "systemAverage", "measurementPeriod": "P1M"},
    }
    peak = {
        "peakFunction": "peak(main)",
        "peakIdentificationPeriod": "P1Y",
        "peakDuration": "P1D",
        "numberOfPeaksForAverageCalculation": 3,
    }
    power = {"type": "peak", "unit": "kW", "recurringPeriods": [], "peakIdentificationSettings": peak}
    seasons = {
        "high_season_jan_feb": (_span("2026-01-01", "2026-03-01"), (531, 663.75)),
        "low_season_jul": (_span("2026-07-01", "2026-08-01"), (46, 57.5)),
        "high_season_dec": (_span("2026-12-01", "2027-01-01"), (531, 663.75)),
    }
    heating = {
        "heating_season_h1": _span("2026-01-01", "2026-05-01"),
        "heating_season_h2": _span("2026-10-01", "2027-01-01"),
    }
    return _tariff(
        new,
        "Företag 0-100 kW",
        BUSINESS,
        fixedPrice=_group(
            new,
            "Fast",
            "sum(price(c))",
            _component(new, "main", YEAR, (10870, 13587.5), type="public", pricedPeriod="P1Y"),
        ),
        energyPrice=_group(
            new,
            "Energi",
            "sum(energy(c)*price(c))",
            *(_component(new, name, span, price, **per_mwh) for name, (span, price) in seasons.items()),
        ),
        powerPrice=_group(
            new, "Effekt", "sum(peak(c)*price(c))", _component(new, "main", YEAR, (1185, 1481.25), **power)
        ),
        efficiencyPrice=_group(
            new,
            "Effektivitet",
            "sum(energy(c)*temperatureDeviation(c)*price(c))",
            *(_component(new, name, span, (7, 8.75), **returns) for name, span in heating.items()),
        ),
    )


def private() -> dict[str, Any]:
    new = _Ids(200)
    per_kwh = {"type": "fixed", "unit": "kWh", "recurringPeriods": []}
    seasons = {
        "winter_h1": (_span("2026-01-01", "2026-05-01"), (0.752, 0.94)),
        "shoulder_may": (_span("2026-05-01", "2026-06-01"), (0.288, 0.36)),
        "summer": (_span("2026-06-01", "2026-09-01"), (0.104, 0.13)),
        "shoulder_sep": (_span("2026-09-01", "2026-10-01"), (0.288, 0.36)),
        "winter_h2": (_span("2026-10-01", "2027-01-01"), (0.752, 0.94)),
    }
    return _tariff(
        new,
        "Normalprislista Äga",
        PRIVATE,
        fixedPrice=_group(
            new,
            "Fast",
            "sum(price(c))",
            _component(new, "main", YEAR, (299.2, 374), type="public", pricedPeriod="P1M"),
        ),
        energyPrice=_group(
            new,
            "Energi",
            "sum(energy(c)*price(c))",
            *(_component(new, name, span, price, **per_kwh) for name, (span, price) in seasons.items()),
        ),
        powerPrice=_group(new, "Effekt", "sum(peak(c)*price(c))"),
        efficiencyPrice=_group(new, "Effektivitet", "sum(volume(c)*price(c))"),
    )


def sample(*tariffs: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {"tariffs": list(tariffs) or [business(), private()], "calendarPatterns": [], **other}


Answer = tuple[int, str, bytes]


def answer(document: Any, status: int = 200) -> Answer:
    return status, "application/json", json.dumps(document).encode()


@contextmanager
def serving(answers: dict[str, Answer], token: str | None = None) -> Iterator[str]:
    """Answer at those paths with that, where one is wanted to whoever holds the token; gives the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_known = token is None or self.headers["Authorization"] == f"Bearer {token}"
            found = answers.get(self.path, answer({"status": 404, "title": "Not Found"}, 404))
            status, media_type, body = found if is_known else answer({"status": 401, "title": "Unauthorized"}, 401)
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
