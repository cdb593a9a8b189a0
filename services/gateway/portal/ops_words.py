"""The words of the economists' page of prices, in both languages."""

from typing import Any, Final

SWEDISH_OPS: Final[dict[str, Any]] = {
    "prices": "Priser och effekter", "nav": "Priser",
    "lead": "Prislistor, vad nya versioner gör, vilka listor som tas bort, och årets effekter.",
    "lists": "Prislistor", "no_lists": "Ingen prislista är inlagd.", "version": "Version", "state": "Läge",
    "contracts_today": "{n} avtal idag", "effect_of": "Jämför med version {version}",
    "states": {
        "in_force": "gäller nu", "coming": "gäller senare", "passed": "har gällt", "replaced": "ersatt",
        "draft": "utkast", "forecast": "prognos", "cap": "tak",
    },
    "effect": "Vad versionen ändrar", "effect_hint": "Välj vid en version ovan vad den ska jämföras med.",
    "before": "Version före", "after": "Version efter", "usage_year": "Användning från år", "reckon": "Räkna",
    "sums": "{contracts} avtal: {before} före och {after} efter, exkl. moms. {left_out} är utelämnade, vars användning"
    " inte är känd för hela året.",
    "general": "Allmän ändring", "mean": "Medel utöver den", "spread": "Spridning utöver den",
    "general_lead": "Allas summa ändras så mycket. Resten står utöver den: i summan är den noll.",
    "percentiles": "Så fördelar sig ändringen utöver den allmänna:", "below": "{share} % av avtalen under {value}",
    "without_price": "Versionen erbjuder inte tillvalet {reference}, som avtal har ({n}): {contracts}.",
    "without_price_do": "Deras månader efter den hålls kvar och faktureras inte. Lägg in en version med tillvalet,"
    " eller låt det upphöra i avtalen den dag då versionen börjar gälla.",
    "gain_most": "Tjänar mest", "lose_most": "Förlorar mest", "nobody": "Ingen.",
    "cost_before": "Före", "cost_after": "Efter", "beyond": "Utöver den allmänna",
    "effect_faults": {
        "unknown_price_list": "Prislistan har ingen sådan version.",
        "no_contracts": "Inget avtal har prislistan idag.",
        "no_whole_year": "En av versionerna har inget helt kalenderår, eller ändrar ett pris inne i en månad.",
        "invalid": "Skriv versioner som hela tal och året som 2025.",
    },
    "withdrawals": "Prislistor som tas bort", "no_withdrawals": "Ingen prislista tas bort.",
    "goes_on": "Tas bort", "replaced_by": "Ersätts av", "affected": "Berörda", "notified": "Meddelade",
    "migrated": "Flyttade", "left": "Kvar", "none_left": "ingen kvar", "n_left": "{n} kvar",
    "with_costs": "{n} med båda årskostnaderna", "by": "{who}, {at}: {cause}",
    "withdraw": "Ta bort en prislista", "withdraw_lead": "Varje avtal på listan flyttas den dagen till den första"
    " ersättaren som anläggningen får välja. Kunderna meddelas genast, minst två månader före.",
    "day": "Första dagen utan den", "second": "Annars av", "cause": "Orsak", "try": "Pröva",
    "trial": "Så skulle det bli", "trial_lead": "{n} avtal flyttas från {name} den {day}.",
    "do_it": "Ta bort listan och meddela kunderna", "now": "Ett år nu", "then": "Ett år därefter",
    "shown_of": "{n} av {all} visas.", "move_to": "Till", "without": "{name} upphör {day}",
    "withdraw_faults": {
        "unknown_price_list": "Välj prislistor som finns.", "no_replacement": "Ett av avtalen får inte välja någon av"
        " ersättarna; namnge en som det får välja.",
        "too_late_to_tell": "Kunderna ska meddelas två månader före; välj en senare dag.",
        "price_list_withdrawn": "Den är redan på väg bort, eller ett avtal börjar på den efter den dagen.",
        "invalid": "Fyll i dag, ersättare och orsak.",
    },
    "only_looks": "Du är inloggad med en e-postlänk och kan läsa men inte besluta.",
    "run": "Årets effekter", "no_runs": "Ingen körning är gjord.", "runs": "Körningar",
    "run_of": "Vintern {winter}, mätt {day}", "progress": "{done} av {contracts} avtal är mätta.",
    "finished": "Klar {at}.", "failed": "Den senaste omgången gick inte och försöks igen.",
    "left_out": {
        "no_power_price": "{n} har inget pris för effekt", "power_is_chosen": "{n} har vald effekt",
        "power_is_of_months": "{n} betalar för varje månads egen effekt",
        "period_not_over": "{n} har en mätperiod som inte är över",
    },
    "decisions": {
        "changed": "Ändras", "within_threshold": "Under 5 %", "same_kw": "Samma värde",
        "nothing_in_force": "Ingen att jämföra med", "not_determined": "Inte fastställda",
    },
    "proposal_states": {
        "proposed": "väntar", "approved": "godkända", "replaced": "ersatta av en senare körning",
        "lapsed": "utan avtal",
    },
    "proposal_state": {
        "proposed": "väntar", "approved": "godkänd", "replaced": "ersatt", "lapsed": "utan avtal",
    },
    "no_proposals": "Inga förslag av det slaget.", "in_force": "I kraft", "measured": "Mätt", "proposed": "Förslag",
    "share": "Andel av nätet", "counts_from": "Från", "choose": "Välj {point}",
    "approve": "Godkänn de valda", "approve_all": "Godkänn alla {n} som väntar",
    "approve_all_lead": "Alla förslag i körningen börjar gälla, även de som inte ändrar någon effekt.",
    "approve_lead": "Inget gäller förrän det är godkänt. Dagen räknas från godkännandet.", "more": "Nästa",
}  # fmt: skip
ENGLISH_OPS: Final[dict[str, Any]] = {
    "prices": "Prices and powers", "nav": "Prices",
    "lead": "Price lists, what new versions do, which lists go, and the year's powers.",
    "lists": "Price lists", "no_lists": "No price list is stored.", "version": "Version", "state": "State",
    "contracts_today": "contracts today: {n}", "effect_of": "Compare with version {version}",
    "states": {
        "in_force": "in force", "coming": "counts later", "passed": "has counted", "replaced": "replaced",
        "draft": "draft", "forecast": "forecast", "cap": "cap",
    },
    "effect": "What the version changes", "effect_hint": "Choose at a version above what to compare it with.",
    "before": "Version before", "after": "Version after", "usage_year": "Usage of year", "reckon": "Reckon",
    "sums": "Contracts: {contracts}. {before} before and {after} after, excl. VAT. Left out, since their usage is not"
    " known for the whole year: {left_out}.",
    "general": "General change", "mean": "Mean beyond it", "spread": "Spread beyond it",
    "general_lead": "The sum of all changes so much. What is beyond it comes to nothing in sum.",
    "percentiles": "How the change beyond the general one falls:", "below": "{share} % of contracts below {value}",
    "without_price": "The version does not offer the option {reference}, which contracts have ({n}): {contracts}.",
    "without_price_do": "Their months by it are held and not billed. Put a version with the option, or end it in the"
    " contracts on the day that the version begins.",
    "gain_most": "Gain most", "lose_most": "Lose most", "nobody": "Nobody.",
    "cost_before": "Before", "cost_after": "After", "beyond": "Beyond the general one",
    "effect_faults": {
        "unknown_price_list": "The price list has no such version.",
        "no_contracts": "No contract is on the price list today.",
        "no_whole_year": "One of the versions holds no whole calendar year, or changes a price within a month.",
        "invalid": "Write versions as whole numbers and the year as in 2025.",
    },
    "withdrawals": "Price lists that go", "no_withdrawals": "No price list goes.",
    "goes_on": "Goes on", "replaced_by": "Replaced by", "affected": "Affected", "notified": "Notified",
    "migrated": "Migrated", "left": "Left", "none_left": "none left", "n_left": "{n} left",
    "with_costs": "{n} with both yearly costs", "by": "{who}, {at}: {cause}",
    "withdraw": "Withdraw a price list", "withdraw_lead": "Each contract on the list moves on that day to the first"
    " replacement that its facility may choose. Customers are told at once, at least two months before.",
    "day": "First day without it", "second": "Otherwise by", "cause": "Cause", "try": "Try",
    "trial": "So it would be", "trial_lead": "Contracts that move from {name} on {day}: {n}.",
    "do_it": "Withdraw the list and tell the customers", "now": "A year now", "then": "A year then",
    "shown_of": "{n} of {all} are shown.", "move_to": "To", "without": "{name} ends on {day}",
    "withdraw_faults": {
        "unknown_price_list": "Choose price lists that exist.", "no_replacement": "One of the contracts may choose none"
        " of the replacements; name one that it may choose.",
        "too_late_to_tell": "Customers are told two months before; choose a later day.",
        "price_list_withdrawn": "It is going already, or a contract begins on it after that day.",
        "invalid": "Fill in day, replacement and cause.",
    },
    "only_looks": "You are logged in by an e-mail link and may look but not decide.",
    "run": "The year's powers", "no_runs": "No run is made.", "runs": "Runs",
    "run_of": "Winter {winter}, measured {day}", "progress": "{done} of {contracts} contracts are measured.",
    "finished": "Finished {at}.", "failed": "The newest batch failed and is tried again.",
    "left_out": {
        "no_power_price": "{n} without a price of power", "power_is_chosen": "{n} with a chosen power",
        "power_is_of_months": "{n} billed by each month's own power",
        "period_not_over": "{n} with a measuring period that is not over",
    },
    "decisions": {
        "changed": "Change", "within_threshold": "Under 5 %", "same_kw": "Same value",
        "nothing_in_force": "Nothing to compare with", "not_determined": "Not determined",
    },
    "proposal_states": {
        "proposed": "waiting", "approved": "approved", "replaced": "replaced by a later run",
        "lapsed": "without a contract",
    },
    "proposal_state": {
        "proposed": "waiting", "approved": "approved", "replaced": "replaced", "lapsed": "no contract",
    },
    "no_proposals": "No proposals of that kind.", "in_force": "In force", "measured": "Measured",
    "proposed": "Proposed", "share": "Share of the network", "counts_from": "From", "choose": "Choose {point}",
    "approve": "Approve the chosen", "approve_all": "Approve all {n} that wait",
    "approve_all_lead": "All proposals of the run begin to count, also those that change no power.",
    "approve_lead": "Nothing counts before it is approved. The day is reckoned from the approval.", "more": "Next",
}  # fmt: skip
