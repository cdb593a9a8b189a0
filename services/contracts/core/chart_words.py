"""The words of the chart of a subscription power, by language."""

from collections.abc import Mapping

from schemas.peaks import PEAK_RULES
from schemas.price_list_terms import PowerMethod

WORDS: Mapping[str, Mapping[str, str]] = {
    "sv": {
        "title": "Abonnemangseffekt för {name}, vintern {winter}",
        "method": "Metod: {method}.",
        "period": "Den vilar på {days} dygn från {first} till {last}.",
        "falls": "Linjen faller med {slope} kW per grad, r² {r2}.",
        "rises": "Linjen stiger med {slope} kW per grad, r² {r2}.",
        "measured": "Uppmätt effekt är {kw} kW.",
        "title_energy": "Årsenergi för {name}, {winter}",
        "measured_energy": "Normalårets energi är {kw} MWh.",
        "undetermined": "Ingen effekt är fastställd.",
        "in_force": "I kraft: {kw} {unit}",
        "temperature": "Dygnets medeltemperatur, °C",
        "daily_mean": "Dygnets medeleffekt, kW",
        "highest_hour": "Dygnets högsta timmedeleffekt, kW",
    },
    "en": {
        "title": "Subscription power of {name}, winter {winter}",
        "method": "Method: {method}.",
        "period": "It rests on {days} days from {first} to {last}.",
        "falls": "The line falls by {slope} kW per degree, r² {r2}.",
        "rises": "The line rises by {slope} kW per degree, r² {r2}.",
        "measured": "The measured power is {kw} kW.",
        "title_energy": "Yearly energy of {name}, {winter}",
        "measured_energy": "The energy of a normal year is {kw} MWh.",
        "undetermined": "No power is determined.",
        "in_force": "In force: {kw} {unit}",
        "temperature": "Daily mean temperature, °C",
        "daily_mean": "Daily mean power, kW",
        "highest_hour": "The day's highest hourly mean power, kW",
    },
}
METHOD_NAMES: Mapping[str, Mapping[PowerMethod, str]] = {
    "sv": {
        PowerMethod.MINUS_FIVE: "högsta timmedeleffekt vid −5 °C",
        PowerMethod.GOTEBORG: "medel av de tre högsta dygnsmedeleffekterna på tolv månader",
        PowerMethod.STOCKHOLM_EXERGI: "dygnsmedeleffekt på vardagar vid −15 °C",
        PowerMethod.NORRENERGI: "dygnsmedeleffekt på vardagar vid −13 °C",
        PowerMethod.TEKNISKA_VERKEN: "dygnsmedeleffekt vid −17,6 °C",
        PowerMethod.CATEGORY_NUMBER: "normalårsenergi delad med kategorins timmar",
        PowerMethod.CUSTOMER_CHOSEN: "vald av kunden",
        PowerMethod.YEARLY_ENERGY: "normalårets energi",
        PowerMethod.COOLING_PEAK: "högsta timmedeleffekt för kyla på tolv månader",
        **{PowerMethod(name): rule.said("sv") for name, rule in PEAK_RULES.items()},
    },
    "en": {
        PowerMethod.MINUS_FIVE: "highest hourly mean power at −5 °C",
        PowerMethod.GOTEBORG: "mean of the three highest daily means of twelve months",
        PowerMethod.STOCKHOLM_EXERGI: "daily mean power on weekdays at −15 °C",
        PowerMethod.NORRENERGI: "daily mean power on weekdays at −13 °C",
        PowerMethod.TEKNISKA_VERKEN: "daily mean power at −17.6 °C",
        PowerMethod.CATEGORY_NUMBER: "energy of a normal year through the hours of the category",
        PowerMethod.CUSTOMER_CHOSEN: "chosen by the customer",
        PowerMethod.YEARLY_ENERGY: "energy of a normal year",
        PowerMethod.COOLING_PEAK: "highest hourly mean power of cooling in twelve months",
        **{PowerMethod(name): rule.said("en") for name, rule in PEAK_RULES.items()},
    },
}
