"""The words of estimates and simulations on paper, in both languages."""

from collections.abc import Mapping
from typing import Any, Final

from services.heat.tariff.words import COST_WORDS

_SWEDISH: Final[dict[str, Any]] = {
    **COST_WORDS["sv"],
    "estimate": "Kostnadsberäkning", "simulation": "Simulering", "facility": "Anläggning", "contract": "Avtal",
    "metering_point": "mätpunkt", "price_list": "Prislista", "power": "Abonnemangseffekt",
    "yearly_energy": "Årsenergi", "energy": "Energi, normalår",
    "months": "Månader", "own_year": "Egna timmar", "hours_known": "{known} av {hours} timmar, {measured} mätta",
    "version": "{name}, version {version}, gäller från {valid_from}",
    "year_with_vat": "inkl. moms, ett år", "without_vat_title": "Per prisdel, exkl. moms",
    "difference_with_vat": "skillnad på ett år, inkl. moms", "by_component": "Per prisdel", "month": "Månad",
    "until_further": "tills vidare", "none": "inga",
    "by_month": "Månad för månad, kr exkl. moms", "sum": "Summa",
    "no_invoice": "Detta är en beräkning och ingen faktura. Varje månad avrundas som på fakturan; momsen är på summan.",
}  # fmt: skip
_ENGLISH: Final[dict[str, Any]] = {
    **COST_WORDS["en"],
    "estimate": "Annual estimate", "simulation": "Simulation", "facility": "Facility", "contract": "Contract",
    "metering_point": "metering point", "price_list": "Price list", "power": "Subscription power",
    "yearly_energy": "Yearly energy", "energy": "Energy, normal year", "months": "Months", "own_year": "Own hours",
    "hours_known": "{known} of {hours} hours, {measured} measured",
    "version": "{name}, version {version}, valid from {valid_from}",
    "year_with_vat": "incl. VAT, one year", "without_vat_title": "By component, excl. VAT",
    "difference_with_vat": "difference over one year, incl. VAT", "by_component": "By component", "month": "Month",
    "until_further": "until further notice", "none": "none",
    "by_month": "Month by month, SEK excl. VAT", "sum": "Sum",
    "no_invoice": "This is an estimate and no invoice. Each month is rounded as on its invoice; VAT is on the sum.",
}  # fmt: skip
WORDS: Final[Mapping[str, Mapping[str, Any]]] = {"sv": _SWEDISH, "en": _ENGLISH}
