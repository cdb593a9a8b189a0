"""The words of what something costs, on pages and on paper: a price list's components, and what a year rests on.

By the names that are answered with: a component's (Charge), an estimate's basis and uncertainty, an assumption, and
what a simulated power is by.
"""

from collections.abc import Mapping
from typing import Any, Final

_SWEDISH: Final[dict[str, Any]] = {
    "component": "Prisdel", "difference": "Skillnad", "with_vat": "inkl. moms", "without_vat": "exkl. moms",
    "today_terms": "Idag", "otherwise_terms": "Med valen", "plus_minus": "Det är ±{kr} inkl. moms på året.",
    "option": "Tillval", "agreement": "Prisavtal", "months_power": "Månadens effekt", "up_to_kw": "högst {kw} kW",
    "fixed": "energipris {kr} per MWh exkl. moms", "off": "{percent} % rabatt på energi, effekt och fasta avgifter",
    "charge": {
        "energy": "Energi", "power": "Effekt", "fixed": "Fast avgift", "volume": "Flöde",
        "return_temperature": "Returtemperatur", "overrun": "Överuttag av effekt",
    },
    "choice": {
        "cooling_c": "Bättre avkylning, °C", "saved_percent": "Sparad energi, %",
        "shifted_percent": "Lägre dygnstoppar, %", "shifted_from_hour": "Bara från klockan",
        "shifted_to_hour": "till klockan",
    },
    "basis": {
        "signature": "Energin är vad anläggningens effektsignatur ger under ett normalår: {number} dygn, r² {r2}.",
        "corrected_months": "Energin är medel av {number} egna månader, räknade om till normalår.",
        "part_of_year": "Energin är {number} egna månader, utfyllda med hur byggnader av det slaget använder den.",
        "yearly_energy": "Energin är den årsenergi som gäller, fördelad som byggnader av det slaget använder den.",
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
        "yearly_energy": "Årsenergin, som avgör prisnivån, följer de egna timmarna.",
        "months": "Varje månad har sin egen effekt, uppmätt av de egna timmarna.",
        "not_measurable": "Metoden mäter ingen effekt på de här timmarna; den som gäller idag är kvar.",
    },
    "below_measured": "Den valda effekten, {chosen} kW, är lägre än de {measured} kW som är uppmätta. Räkna med"
    " skillnaden bara om användningen verkligen blir så låg.",
    "assumption": {
        "return_at_reference": "Mot prislistans referens varken kostar eller ger returtemperaturen något.",
        "flow_at_reference": "Mot prislistans referens varken kostar eller ger flödet något.",
        "flow_of_45_c": "Flöde som inte är känt är som om vattnet kyls med 45 °C: 19,2 m³ per MWh.",
        "flow_of_8_c": "Flöde som inte är känt är som om vattnet värms med 8 °C: 107,8 m³ per MWh.",
        "no_overrun": "Ingen timme ligger över den valda effekten.",
        "peaks_by_profile": (
            "Effekten är den högsta månadens; de andra månadernas är så mycket lägre som deras energi per dygn är det."
        ),
        "peaks_of_newest": "Månadernas egna effekter antas bli som i de senaste tolv månaderna.",
        "peaks_by_signature": (
            "I månader där för få dygn är uppmätta är effekten vad anläggningens effektsignatur ger de kallaste dygnen"
            " ett normalår."
        ),
        "highest_month_named": "Där varje månad har sin egen effekt är det den högsta månadens som står här.",
        "hours_missing": "Timmar utan mätvärden är inte med, varken idag eller annars.",
        "network_of_newest": "Nätets medel antas bli det senast kända för varje kalendermånad.",
        "network_as_own": (
            "Nätets medel är inte känt för alla månader; där antas det vara anläggningens eget, och vad det kan kosta"
            " är inte med i osäkerheten."
        ),
        "some_efficiency_unknown": (
            "I månader utan mätvärden varken kostar eller ger returtemperatur och flöde något mot referensen."
        ),
    },
}  # fmt: skip
_ENGLISH: Final[dict[str, Any]] = {
    "component": "Component", "difference": "Difference", "with_vat": "incl. VAT", "without_vat": "excl. VAT",
    "today_terms": "Today", "otherwise_terms": "As chosen", "plus_minus": "That is ±{kr} incl. VAT over the year.",
    "option": "Option", "agreement": "Price agreement", "months_power": "Month's power", "up_to_kw": "up to {kw} kW",
    "fixed": "energy at {kr} per MWh excl. VAT", "off": "{percent} % off energy, power and fixed charges",
    "charge": {
        "energy": "Energy", "power": "Power", "fixed": "Fixed charge", "volume": "Flow",
        "return_temperature": "Return temperature", "overrun": "Power above the chosen",
    },
    "choice": {
        "cooling_c": "Better cooling, °C", "saved_percent": "Energy saved, %",
        "shifted_percent": "Lower daily peaks, %", "shifted_from_hour": "Only from the hour",
        "shifted_to_hour": "up to the hour",
    },
    "basis": {
        "signature": "The energy is the facility's power signature in a normal year: {number} days, r² {r2}.",
        "corrected_months": "The energy is the mean of {number} own months, corrected to a normal year.",
        "part_of_year": "The energy is {number} own months, filled up by how buildings of that kind use it.",
        "yearly_energy": "The energy is the yearly energy in force, spread as buildings of that kind mostly use it.",
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
        "yearly_energy": "The yearly energy, which chooses the band, follows the own hours.",
        "months": "Each month has a power of its own, measured of the own hours.",
        "not_measurable": "The method measures no power on these hours; the one in force today stays.",
    },
    "below_measured": "The chosen power of {chosen} kW is below the {measured} kW that are measured. Count on the"
    " difference only if the use will really be so low.",
    "assumption": {
        "return_at_reference": "Against the price list's reference the return temperature neither costs nor saves.",
        "flow_at_reference": "Against the price list's reference the flow neither costs nor saves.",
        "flow_of_45_c": "A flow that is not known is that of water cooled by 45 °C: 19.2 m³ per MWh.",
        "flow_of_8_c": "A flow that is not known is that of water warmed by 8 °C: 107.8 m³ per MWh.",
        "no_overrun": "No hour is above the chosen power.",
        "peaks_by_profile": (
            "The power is the highest month's; those of the others are as much lower as their energy a day is."
        ),
        "peaks_of_newest": "The months' own powers are taken to be those of the newest twelve months.",
        "peaks_by_signature": (
            "In months of which too few days are measured the power is what the facility's power signature expects of"
            " the coldest days of a normal year."
        ),
        "highest_month_named": "Where each month has a power of its own, the highest month's is the one named here.",
        "hours_missing": "Hours without figures are left out of both.",
        "network_of_newest": "The network's mean is taken to be the newest that is known of each calendar month.",
        "network_as_own": (
            "The network's mean is not known of every month; there it is taken to be the facility's own, and what that"
            " may cost is not in the uncertainty."
        ),
        "some_efficiency_unknown": (
            "In months without figures return and flow neither cost nor save against the reference."
        ),
    },
}  # fmt: skip
_CHARGE_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    charge: tuple(words["charge"][charge] for words in (_SWEDISH, _ENGLISH)) for charge in _SWEDISH["charge"]
}
"""What each is called, in whichever language."""
COST_WORDS: Final[Mapping[str, Mapping[str, Any]]] = {"sv": _SWEDISH, "en": _ENGLISH}


def name_beside(charge: str, name: str) -> str:
    """Give what a component's name says beside its charge: "Returtemperatur över 50 °C" is "över 50 °C" beside it.

    Empty where it says no more than that.
    """
    for named in _CHARGE_NAMES[charge]:
        rest = name.removeprefix(named)
        if rest != name and rest[:1] in ("", " ", ","):
            return rest.lstrip(" ,")
    return name
