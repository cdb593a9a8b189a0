"""The words of a customer's contracts, and of the notice of a price list that goes, in both languages."""

from typing import Any, Final

SWEDISH_NOTICES: Final[dict[str, Any]] = {
    "contracts": "Avtal", "lead": "Dina avtal, och vad som ändras i dem.", "none": "Inga avtal att visa.",
    "title": "{name} tas bort {day}", "told": "Meddelat {day}", "later": "från {day}: {name}",
    "choose": "Räkna på andra val", "how": "Så är kostnaderna räknade",
    "today": "{name}, som nu", "proposed": "{name}, från {day}", "uncertainty": "Osäkerhet",
    "less": "{kr} mindre på ett normalår", "more": "{kr} mer på ett normalår", "same": "Lika mycket på ett normalår",
    "same_use": "Båda är ett normalår med samma användning: {mwh} MWh{kw}. {today_name}, version {today_version}, är"
    " räknad på {today_first} – {today_last}; {proposed_name}, version {proposed_version}, på"
    " {proposed_first} – {proposed_last}. Varje månad avrundas som på fakturan.",
    "at_kw": " och {kw} kW abonnerad effekt",
    "options_end": "Den nya prislistan erbjuder inte alla dina tillval. De här upphör, och kostnaden som nu är räknad"
    " med dem:", "option_ends": "{name}, från {day}",
    "no_costs": "Vad det kostar går inte att räkna ut.", "shown_of": "Avtalen för {n} av {all} mätpunkter visas.",
}  # fmt: skip
ENGLISH_NOTICES: Final[dict[str, Any]] = {
    "contracts": "Contracts", "lead": "Your contracts, and what changes in them.", "none": "No contracts to show.",
    "title": "{name} is withdrawn on {day}", "told": "Told on {day}", "later": "from {day}: {name}",
    "choose": "Try other choices", "how": "How the costs are reckoned",
    "today": "{name}, as now", "proposed": "{name}, from {day}", "uncertainty": "Uncertainty",
    "less": "{kr} less in a normal year", "more": "{kr} more in a normal year", "same": "The same in a normal year",
    "same_use": "Both are a normal year with the same use: {mwh} MWh{kw}. {today_name}, version {today_version}, is"
    " reckoned for {today_first} – {today_last}; {proposed_name}, version {proposed_version}, for"
    " {proposed_first} – {proposed_last}. Each month is rounded as on its invoice.",
    "at_kw": " and {kw} kW of subscription power",
    "options_end": "The new price list does not offer all your options. These end, and the cost as now is reckoned"
    " with them:", "option_ends": "{name}, from {day}",
    "no_costs": "What it costs cannot be reckoned.",
    "shown_of": "The contracts of {n} of {all} metering points are shown.",
}  # fmt: skip
