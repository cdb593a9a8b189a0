"""Price lists as the draft writes them, with prices of Göteborg's lists of 2024 and 2026, under names of their own."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx

STOCKHOLM = ZoneInfo("Europe/Stockholm")
MWH_2024 = {"531": [1, 2, 3, 12], "366": [4, 10], "167": [5], "102": [6, 7, 8], "148": [9], "422": [11]}
BANDS_2026 = {"0-100": ("10870", "1185"), "100-250": ("15270", "1141"), "250-": ("27020", "1094")}


def today() -> date:
    return datetime.now(UTC).astimezone(STOCKHOLM).date()


def price(ex_vat: str | int) -> dict[str, Any]:
    return {"priceExVat": str(ex_vat), "priceIncVat": str(Decimal(ex_vat) * Decimal("1.25")), "currency": "SEK"}


def months(year: int, months: list[int]) -> list[dict[str, str]]:
    ends = [date(year + month // 12, month % 12 + 1, 1) for month in months]
    return [
        {"fromIncluding": date(year, month, 1).isoformat(), "toExcluding": end.isoformat()}
        for month, end in zip(months, ends, strict=True)
    ]


def year_of(year: int) -> dict[str, str]:
    return {"fromIncluding": f"{year}-01-01", "toExcluding": f"{year + 1}-01-01"}


def energy(year: int, by_price: dict[str, list[int]], unit: str = "MWh") -> list[dict[str, Any]]:
    spans = [(ex_vat, span) for ex_vat, named in by_price.items() for span in months(year, named)]
    return [
        {"name": "Energi", "reference": f"energy_{ex_vat}", "validPeriod": span, "price": price(ex_vat), "unit": unit}
        for ex_vat, span in spans
    ]


def tariff(product: str, year: int, band: str = "0-100", **other: Any) -> dict[str, Any]:
    """One band of a business price list, with an efficiency price of the heating season."""
    fixed, rate = BANDS_2026[band]
    season = [(f"{year}-01-01", f"{year}-05-01"), (f"{year}-10-01", f"{year + 1}-01-01")]
    whole = {"name": "Effekt", "reference": "main", "validPeriod": year_of(year)}
    returns = {
        "name": "Effektivitet",
        "price": price(7),
        "unit": "MWh·°C",
        "measurementMethod": "returnTemperature",
        "returnTemperatureSettings": {"referenceSource": "systemAverage", "measurementPeriod": "P1M"},
    }
    peak = {"peakIdentificationPeriod": "P1Y", "peakDuration": "P1D", "numberOfPeaksForAverageCalculation": 3}
    return {
        "name": f"Företag {band} kW",
        "published": f"{year - 1}-10-15T08:30:15.250+02:00",
        "timeZone": "Europe/Stockholm",
        "validPeriod": year_of(year),
        "companyName": "Exempel Fjärrvärme AB",
        "companyOrgNo": "556000-1111",
        "product": product,
        "billingPeriod": "P1M",
        "fixedPrice": {
            "name": "Fast",
            "costFunction": "sum(price(c))",
            "components": [whole | {"price": price(fixed), "pricedPeriod": "P1Y"}],
        },
        "energyPrice": {
            "name": "Energi",
            "costFunction": "sum(energy(c)*price(c))",
            "components": energy(year, MWH_2024),
        },
        "powerPrice": {
            "name": "Effekt",
            "costFunction": "sum(peak(c)*price(c))",
            "components": [whole | {"price": price(rate), "peakIdentificationSettings": peak}],
        },
        "efficiencyPrice": {
            "name": "Effektivitet",
            "costFunction": "sum(energy(c)*temperatureDeviation(c)*price(c))",
            "components": [
                returns | {"reference": f"season_{place}", "validPeriod": {"fromIncluding": first, "toExcluding": end}}
                for place, (first, end) in enumerate(season)
            ],
        },
    } | other


class PriceLists:
    """Price lists under a name that nothing else has, put at the service."""

    def __init__(self, api: httpx.Client) -> None:
        self._api = api
        self.price_list_id = f"g{uuid4().hex[:10]}"
        self.product = f"heat.consume.{self.price_list_id}"

    def put(self, *tariffs: dict[str, Any], status: str = "firm", **extension: Any) -> None:
        """Put a version; bands are named by their tariffs' products, which end with them."""
        named = [one["product"].rpartition(".")[2] for one in tariffs]
        bands = [
            {"product": one["product"], "fromKw": band.partition("-")[0]}
            | ({"toKw": band.partition("-")[2]} if band.partition("-")[2] else {})
            for one, band in zip(tariffs, named, strict=True)
        ]
        document = {
            "tariffs": list(tariffs),
            "extension": {
                "name": "Företag",
                "status": status,
                "powerMethod": "goteborg",
                "bands": bands if len(bands) > 1 else [],
                **extension,
            },
        }
        answer = self._api.put(f"/v1/price-lists/{self.price_list_id}", json=document)
        assert answer.status_code in (200, 201), answer.text

    def banded(self, year: int, **other: Any) -> list[dict[str, Any]]:
        return [tariff(f"{self.product}.{band}", year, band, **other) for band in BANDS_2026]

    def given(self) -> list[dict[str, Any]]:
        """Give those of the public tariffs that are ours."""
        tariffs = self._api.get("/tariff-api/tariffs").json()["tariffs"]
        return [one for one in tariffs if one["product"].startswith(self.product)]
