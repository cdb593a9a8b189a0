"""The words of estimates and simulations on paper, in both languages."""

from collections.abc import Mapping
from typing import Any, Final

_SWEDISH: Final[dict[str, Any]] = {
    "estimate": "Kostnadsberäkning", "simulation": "Simulering", "facility": "Anläggning", "contract": "Avtal",
    "metering_point": "mätpunkt", "price_list": "Prislista", "power": "Abonnemangseffekt", "energy": "Energi, normalår",
    "months": "Månader", "own_year": "Egna timmar",
    "hours_known": "{known} av {hours} timmar, {measured} mätta", "today": "Idag", "otherwise": "Med valen",
    "version": "{name}, version {version}, gäller från {valid_from}", "component": "Prisdel", "difference": "Skillnad",
    "without_vat": "exkl. moms", "with_vat": "inkl. moms, ett år", "without_vat_title": "Per prisdel, exkl. moms",
    "difference_with_vat": "skillnad på ett år, inkl. moms", "by_component": "Per prisdel", "month": "Månad",
    "by_month": "Månad för månad, kr exkl. moms", "sum": "Summa",
    "plus_minus": "Det motsvarar ±{kr} inkl. moms på året.",
    "no_invoice": "Detta är en beräkning och ingen faktura. Varje månad avrundas som på fakturan; momsen är på summan.",
    "charges": {
        "energy": "Energi", "power": "Effekt", "fixed": "Fast avgift", "volume": "Flöde",
        "return_temperature": "Returtemperatur", "overrun": "Överuttag",
    },
    "choices": {
        "cooling_c": "Bättre avkylning, °C", "saved_percent": "Sparad energi, %", "shifted_percent": "Flyttad topp, %",
        "shifted_from_hour": "Flyttad från klockan", "shifted_to_hour": "Flyttad till klockan",
    },
    "basis": {
        "signature": "Energin är vad anläggningens effektsignatur ger under ett normalår: {number} dygn, r² {r2}.",
        "corrected_months": "Energin är medel av {number} egna månader, räknade om till normalår.",
        "part_of_year": "Energin är {number} egna månader, utfyllda med hur byggnader av det slaget använder den.",
        "category_profile": "Energin är abonnemangseffekten gånger vad byggnader av det slaget brukar använda per kW.",
    },
    "uncertainty": {
        "signature_residuals": "Osäkerhet ±{percent} %: två standardavvikelser av månadernas avstånd från signaturen.",
        "spread_of_years": "Osäkerhet ±{percent} %: två standardavvikelser mellan åren.",
        "not_known": "Hur osäker den är går inte att säga av så få mätvärden.",
    },
    "power_by": {
        "in_force": "Effekten är den som gäller idag.", "chosen": "Effekten är vald.",
        "measured": "Effekten är vad prislistans metod mäter på anläggningens egna timmar, i hela kW.",
        "follows": "Effekten följer vad metoden mäter på de ändrade timmarna; under 5 % ändrar ingenting.",
        "not_measurable": "Metoden mäter ingen effekt på de här timmarna; den som gäller idag är kvar.",
    },
    "assumptions": {
        "hours_missing": "Några av årets timmar saknar mätvärden och är inte med.",
        "network_of_newest": "Nätets medel antas bli det senast kända för varje kalendermånad.",
        "network_as_own": (
            "Nätets medel är inte känt för alla månader; där antas det vara anläggningens eget, och vad det kan kosta"
            " är inte med i osäkerheten."
        ),
        "some_efficiency_unknown": "I månader utan mätvärden är returtemperatur och flöde prislistans referens.",
    },
}  # fmt: skip
_ENGLISH: Final[dict[str, Any]] = {
    "estimate": "Annual estimate", "simulation": "Simulation", "facility": "Facility", "contract": "Contract",
    "metering_point": "metering point", "price_list": "Price list", "power": "Subscription power",
    "energy": "Energy, normal year", "months": "Months", "own_year": "Own hours",
    "hours_known": "{known} of {hours} hours, {measured} measured", "today": "Today",
    "otherwise": "As chosen", "version": "{name}, version {version}, valid from {valid_from}", "component": "Component",
    "difference": "Difference", "without_vat": "excl. VAT", "with_vat": "incl. VAT, one year",
    "without_vat_title": "By component, excl. VAT", "difference_with_vat": "difference over one year, incl. VAT",
    "by_component": "By component", "month": "Month", "by_month": "Month by month, SEK excl. VAT", "sum": "Sum",
    "plus_minus": "That is ±{kr} incl. VAT over the year.",
    "no_invoice": "This is an estimate and no invoice. Each month is rounded as on its invoice; VAT is on the sum.",
    "charges": {
        "energy": "Energy", "power": "Power", "fixed": "Fixed charge", "volume": "Flow",
        "return_temperature": "Return temperature", "overrun": "Overrun",
    },
    "choices": {
        "cooling_c": "Better cooling, °C", "saved_percent": "Energy saved, %", "shifted_percent": "Peak shifted, %",
        "shifted_from_hour": "Shifted from the hour", "shifted_to_hour": "Shifted up to the hour",
    },
    "basis": {
        "signature": "The energy is the facility's power signature in a normal year: {number} days, r² {r2}.",
        "corrected_months": "The energy is the mean of {number} own months, corrected to a normal year.",
        "part_of_year": "The energy is {number} own months, filled up by how buildings of that kind use it.",
        "category_profile": "The energy is the subscription power times what buildings of that kind use for each kW.",
    },
    "uncertainty": {
        "signature_residuals": "Uncertainty ±{percent} %: two standard deviations of the months from the signature.",
        "spread_of_years": "Uncertainty ±{percent} %: two standard deviations between the years.",
        "not_known": "How uncertain it is cannot be said of so few figures.",
    },
    "power_by": {
        "in_force": "The power is the one in force today.", "chosen": "The power is chosen.",
        "measured": "The power is what the price list's method measures on the facility's own hours, in whole kW.",
        "follows": "The power follows what the method measures on the changed hours; under 5 % changes nothing.",
        "not_measurable": "The method measures no power on these hours; the one in force today stays.",
    },
    "assumptions": {
        "hours_missing": "Some of the year's hours have no figures and are left out.",
        "network_of_newest": "The network's mean is taken to be the newest that is known of each calendar month.",
        "network_as_own": (
            "The network's mean is not known of every month; there it is taken to be the facility's own, and what that"
            " may cost is not in the uncertainty."
        ),
        "some_efficiency_unknown": "In months without figures return and flow are the price list's reference.",
    },
}  # fmt: skip
WORDS: Final[Mapping[str, Mapping[str, Any]]] = {"sv": _SWEDISH, "en": _ENGLISH}
