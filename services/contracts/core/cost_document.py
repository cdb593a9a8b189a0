"""An estimate or a simulation as the texts of its PDF, in Swedish or English."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from services.contracts.core.cost_answers import ONE_DAY
from services.contracts.core.cost_document_words import WORDS
from services.heat.tariff.words import name_beside

Found = Mapping[str, Any]
Words = Mapping[str, Any]


def of_estimate(found: Found, language: str, seller: str, made_on: date) -> dict[str, Any]:
    """Lay out a contract's annual estimate."""
    words = WORDS[language]
    facts = [
        *_facts(found, words),
        [words["price_list"], _version(found["price_list"], words)],
        _in_force(found, words, language),
        [words["energy"], f"{_number(found['energy_mwh'], 1, language)} MWh"],
        *_agreed(found["agreed"], words, language),
        [words["months"], f"{found['first_month']} – {found['last_month']}"],
    ]
    notes = [_rests_on(found["rests_on"], words, language)]
    if found["plus_minus_kr"] is not None:
        notes.append(words["plus_minus"].format(kr=_kr(found["plus_minus_kr"], language)))
    tables = [_components(found, words, language), _by_month(found, words, language)]
    notes += [words["assumption"][one] for one in found["assumptions"]]
    figure = [_kr(found["total_kr"], language), words["year_with_vat"]]
    return _document(words["estimate"], language, seller, made_on, facts, figure, tables, notes)


def of_simulation(found: Found, language: str, seller: str, made_on: date) -> dict[str, Any]:
    """Lay out today's terms beside the chosen ones."""
    words = WORDS[language]
    power = found["power"]
    facts = [
        *_facts(found, words),
        [
            words["own_year"],
            f"{found['first_day']} – {found['last_day']}: {words['hours_known'].format(**found['coverage'])}",
        ],
        [
            words["today_terms"],
            f"{_version(found['today']['price_list'], words)}, {power['today_kw']} {power['today_unit']}",
        ],
        [
            words["otherwise_terms"],
            f"{_version(found['otherwise']['price_list'], words)}, {power['otherwise_kw']} {power['otherwise_unit']}",
        ],
        *([words["choice"][name], str(value)] for name, value in found["choices"].items() if name in words["choice"]),
        *_chosen_options(found, words),
    ]
    rows = [
        [one["name"] or words["charge"][one["component"]], *(_kr(one[name], language) for name in _SIDES)]
        for one in found["differences"]
    ]
    sums = [
        _kr(found["today"]["net_kr"], language),
        _kr(found["otherwise"]["net_kr"], language),
        _kr(found["difference_net_kr"], language),
    ]
    head = [words["component"], words["today_terms"], words["otherwise_terms"], words["difference"]]
    table = _table(words["without_vat_title"], head, rows, [words["sum"], *sums])
    notes = [
        words["power_by"][power["by"]],
        *_below_measured(power, words, language),
        *(words["assumption"][one] for one in found["assumptions"]),
    ]
    figure = [_kr(found["difference_total_kr"], language), words["difference_with_vat"]]
    return _document(words["simulation"], language, seller, made_on, facts, figure, [table], notes)


_SIDES = ("today_kr", "otherwise_kr", "difference_kr")


def _document(
    title: str,
    language: str,
    seller: str,
    made_on: date,
    facts: Sequence[Any],
    figure: Sequence[str],
    tables: Sequence[Any],
    notes: Sequence[str],
) -> dict[str, Any]:
    footer = f"{seller} · {title} · {made_on}"
    return {
        "title": title,
        "language": language,
        "seller": seller,
        "footer": footer,
        "facts": list(facts),
        "figure": list(figure),
        "tables": list(tables),
        "notes": [*notes, WORDS[language]["no_invoice"]],
    }


def _facts(found: Found, words: Words) -> list[list[str]]:
    return [
        [words["facility"], f"{found['facility']}, {found['address']}"],
        [words["contract"], f"{found['contract_number']}, {words['metering_point']} {found['metering_point']}"],
    ]


def _chosen_options(found: Found, words: Words) -> list[list[str]]:
    """Name the options that a year is reckoned with, where they were chosen."""
    if "options" not in found["choices"]:
        return []
    names = dict.fromkeys(one["name"] for one in found["otherwise"]["agreed"]["options"])
    return [[words["option"], ", ".join(names) or words["none"]]]


def _in_force(found: Found, words: Words, language: str) -> list[str]:
    if found.get("months_kw"):
        highest = _number(max(map(Decimal, found["months_kw"])), 2, language)
        return [words["months_power"], words["up_to_kw"].format(kw=highest)]
    if found["yearly_mwh"]:
        return [words["yearly_energy"], f"{_number(found['yearly_mwh'], 2, language)} MWh"]
    return [words["power"], f"{_number(found['power_kw'], 2, language)} kW" if found["power_kw"] else "–"]


def _agreed(agreed: Found, words: Words, language: str) -> list[list[str]]:
    """Say what the contract has beside its price list, and for which days."""
    options = [[words["option"], f"{one['name']}, {_days(one, words)}"] for one in agreed["options"]]
    agreements = [
        [words["agreement"], f"{one['name']}: {_agreement(one, words, language)}, {_days(one, words)}"]
        for one in agreed["agreements"]
    ]
    return options + agreements


def _agreement(one: Found, words: Words, language: str) -> str:
    if one["energy_per_mwh"] is not None:
        return str(words["fixed"].format(kr=_kr(one["energy_per_mwh"], language)))
    return str(words["off"].format(percent=_number(one["discount_percent"], 1, language)))


def _days(one: Found, words: Words) -> str:
    last = date.fromisoformat(one["valid_to"]) - ONE_DAY if one["valid_to"] else words["until_further"]
    return f"{one['valid_from']} – {last}"


def _below_measured(power: Found, words: Words, language: str) -> list[str]:
    if not power["is_below_measured"]:
        return []
    chosen, measured = (_number(power[name], 1, language) for name in ("otherwise_kw", "measured_kw"))
    return [words["below_measured"].format(chosen=chosen, measured=measured)]


def _version(price_list: Found, words: Words) -> str:
    return str(words["version"].format(**price_list))


def _components(found: Found, words: Words, language: str) -> dict[str, Any]:
    rows = [
        [_name(one, words), _kr(one["net_kr"], language), _kr(one["total_kr"], language)] for one in found["components"]
    ]
    sums = [words["sum"], _kr(found["net_kr"], language), _kr(found["total_kr"], language)]
    return _table(words["by_component"], [words["component"], words["without_vat"], words["with_vat"]], rows, sums)


def _by_month(found: Found, words: Words, language: str) -> dict[str, Any]:
    year, first = map(int, found["first_month"].split("-"))
    by_charge: dict[str, list[Decimal]] = {}
    for one in found["components"]:
        sums = by_charge.setdefault(one["component"], [Decimal(0)] * 12)
        by_charge[one["component"]] = [a + Decimal(b) for a, b in zip(sums, one["months_net_kr"], strict=True)]
    rows = []
    for at in range(12):
        month = f"{year + (first + at - 1) // 12}-{(first + at - 1) % 12 + 1:02}"
        figures = [_number(one[at], 2, language) for one in by_charge.values()]
        mwh, net = _number(found["months_mwh"][at], 1, language), _number(found["months_net_kr"][at], 2, language)
        rows.append([month, mwh, *figures, net])
    charges = [words["charge"][one] for one in by_charge]
    totals = [_number(sum(one, Decimal(0)), 2, language) for one in by_charge.values()]
    last = [words["sum"], _number(found["energy_mwh"], 1, language), *totals, _number(found["net_kr"], 2, language)]
    return _table(words["by_month"], [words["month"], "MWh", *charges, words["sum"]], rows, last)


def _table(title: str, head: list[str], rows: list[list[str]], total: list[str]) -> dict[str, Any]:
    return {"title": title, "head": head, "rows": rows, "sum": total}


def _name(component: Found, words: Words) -> str:
    charge = str(words["charge"][component["component"]])
    own = name_beside(component["component"], component["name"])
    return f"{charge}, {own}" if own else charge


def _rests_on(rests_on: Found, words: Words, language: str) -> str:
    said = words["basis"][rests_on["basis"]].format(
        number=rests_on["days_or_months"], r2=_number(rests_on["r2"] or 0, 2, language)
    )
    percent = _number(rests_on["plus_minus_percent"] or 0, 1, language)
    return f"{said} {words['uncertainty'][rests_on['uncertainty']].format(percent=percent)}"


def _kr(text: str, language: str) -> str:
    amount = _number(text, 2, language)
    return f"SEK {amount}" if language == "en" else f"{amount} kr"


def _number(value: Any, decimals: int, language: str) -> str:
    exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), "ROUND_HALF_UP") + 0
    text = f"{exact:,f}".replace("-", "\u2212")
    return text if language == "en" else text.replace(",", "\u00a0").replace(".", ",")
