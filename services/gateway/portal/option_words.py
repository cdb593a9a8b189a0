"""The words of options and price agreements in both languages."""

from typing import Any, Final

SWEDISH_OPTIONS: Final[dict[str, Any]] = {
    "title": "Tillval och prisavtal", "lead": "Vad prislistan {name} erbjuder från {begins}, och vad avtalet har.",
    "which": "Välj anläggning", "none": "Prislistan erbjuder inga tillval.", "options": "Tillval",
    "options_of": "Tillval i {name}",
    "per_year": "{kr} per år", "per_month": "{kr} per månad", "per_mwh": "{kr} per MWh",
    "without_vat": "exkl. moms", "chosen": "Valt sedan {day}",
    "not_chosen": "Inte valt", "choose": "Gör ett erbjudande att underteckna",
    "what_follows": "Av valen blir ett erbjudande. Inget ändras förrän det är undertecknat; det gäller från {begins}.",
    "only_administrators": "Bara kundens administratörer väljer tillval.",
    "only_looks": "Du är inloggad med en e-postlänk och kan bara läsa.",
    "agreements": "Prisavtal", "no_agreements": "Avtalet har inga prisavtal.",
    "days": "{first} – {last}", "offers": "Erbjudanden", "offer": "Erbjudande {number}",
    "refused": "Det gick inte att göra ett erbjudande av valen. Öppna sidan igen, eller kontakta kundservice.",
    "term_is_later": "Avtalet ändras eller slutar efter den dagen; kontakta kundservice.",
    "option_not_offered": "Prislistan erbjuder inte längre något av valen; öppna sidan igen.",
    "no_prices": "Avtalet har ingen prislista den dagen.",
}  # fmt: skip
ENGLISH_OPTIONS: Final[dict[str, Any]] = {
    "title": "Options and price agreements",
    "lead": "What the price list {name} offers from {begins}, and what the contract has.",
    "which": "Choose a facility", "none": "The price list offers no options.", "options": "Options",
    "options_of": "Options of {name}",
    "per_year": "{kr} a year", "per_month": "{kr} a month", "per_mwh": "{kr} per MWh",
    "without_vat": "excl. VAT", "chosen": "Chosen since {day}",
    "not_chosen": "Not chosen", "choose": "Make an offer to sign",
    "what_follows": "Your choice becomes an offer. Nothing changes before it is signed; it counts from {begins}.",
    "only_administrators": "Only the customer's administrators choose options.",
    "only_looks": "You are logged in by an e-mail link and can only read.",
    "agreements": "Price agreements", "no_agreements": "The contract has no price agreements.",
    "days": "{first} – {last}", "offers": "Offers", "offer": "Offer {number}",
    "refused": "No offer could be made of the choice. Open the page again, or contact customer service.",
    "term_is_later": "The contract changes or ends after that day; contact customer service.",
    "option_not_offered": "The price list offers one of them no more; open the page again.",
    "no_prices": "The contract has no price list on that day.",
}  # fmt: skip
