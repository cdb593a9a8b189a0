"""Price lists of one tariff, for tests of what the tariff interface gives."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from schemas.price_list_terms import PriceListTerms
from services.contracts.core.tariff_catalogue import Catalogue, Operator, Version, Withdrawn

STOCKHOLM = ZoneInfo("Europe/Stockholm")
BEGIN = date(2026, 1, 1)
PUT_AT = datetime(2025, 10, 1, 12, tzinfo=UTC)
OWN = UUID("6f9619ff-8b86-4011-b42d-00c04fc964ff")


def day(number: int) -> date:
    return BEGIN + timedelta(days=number)


def span(first: int, end: int) -> dict[str, str]:
    return {"fromIncluding": day(first).isoformat(), "toExcluding": day(end).isoformat()}


def price(ex_vat: Decimal | str) -> dict[str, str]:
    return {"priceExVat": str(ex_vat), "priceIncVat": str(Decimal(ex_vat) * Decimal("1.25")), "currency": "SEK"}


def energy(first: int, end: int, ex_vat: str = "500", unit: str = "MWh", reference: str = "main") -> dict[str, Any]:
    return {
        "id": str(uuid5(OWN, f"{first}/{end}/{ex_vat}/{unit}/{reference}")),
        "name": "Energi",
        "reference": reference,
        "validPeriod": span(first, end),
        "price": price(ex_vat),
        "unit": unit,
    }


def terms(first: int, end: int, components: Sequence[dict[str, Any]] | None = None, **more: Any) -> PriceListTerms:
    """Give a price list of energy alone, under an id that all of them have."""

    def group(name: str, function: str, *parts: dict[str, Any]) -> dict[str, Any]:
        return {"id": str(uuid5(OWN, name)), "name": name, "costFunction": function, "components": parts}

    tariff = {
        "id": str(OWN),
        "name": "Bas",
        "published": "2025-10-01T12:00:00Z",
        "timeZone": "Europe/Stockholm",
        "validPeriod": span(first, end),
        "companyName": "Exempel Fjärrvärme AB",
        "companyOrgNo": "556000-1111",
        "product": "heat.bas",
        "billingPeriod": "P1M",
        "fixedPrice": group("fixed", "sum(price(c))"),
        "energyPrice": group("energy", "sum(energy(c)*price(c))", *(components or [energy(first, end)])),
        "powerPrice": group("power", "sum(peak(c)*price(c))"),
        "efficiencyPrice": group("efficiency", "sum(volume(c)*price(c))"),
    }
    return PriceListTerms.model_validate({"tariffs": [tariff], "extension": {"name": "Bas", **more}})


def version(number: int, of: PriceListTerms, price_list_id: str = "bas") -> Version:
    """Give a version, put a day after the one before it."""
    return Version(price_list_id, number, PUT_AT + timedelta(days=number), of)


def catalogue(*versions: Version, withdrawn: Sequence[Withdrawn] = ()) -> Catalogue:
    return Catalogue(versions, withdrawn, Operator("Exempel Fjärrvärme AB", "556000-1111"), STOCKHOLM)
