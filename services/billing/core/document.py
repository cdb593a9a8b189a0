"""What the printed invoice says, word for word; the layout is in documents/invoice.typ."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from schemas.contracts import YEARLY_ENERGY
from schemas.peaks import PEAK_RULES
from services.billing.core import swedish
from services.heat.tariff.rounding import whole_kwh

MEDIUM = {"heat": "Fjärrvärme", "cooling": "Fjärrkyla"}
METHOD = {
    "entered": "avtalad",
    "minus_five": "uppmätt som högsta timmedeleffekt vid −5 °C",
    "goteborg": "uppmätt som medel av de tre högsta dygnsmedeleffekterna på tolv månader",
    "stockholm_exergi": "uppmätt som dygnsmedeleffekt på vardagar vid −15 °C",
    "norrenergi": "uppmätt som dygnsmedeleffekt på vardagar vid −13 °C",
    "tekniska_verken": "uppmätt som dygnsmedeleffekt vid −17,6 °C",
    "category_number": "normalårets energi delad med kategorins timmar",
    "customer_chosen": "vald av kunden",
    "entered_energy": "avtalad",
    "yearly_energy": "normalårets energi under tolv månader",
    "cooling_peak": "uppmätt som högsta timmedeleffekt på tolv månader",
    **{name: f"uppmätt som {rule.said('sv')}" for name, rule in PEAK_RULES.items()},
}
MONTHLY = ("month", "kW/month")
"""Units of lines that are priced by the month."""
DECIMALS = {"MWh": 3, "kWh": 0, "m³": 3, "MWh·°C": 2}
REGISTERS = ("register_from", "register_to")
Row = Mapping[str, Any]


def document(head: Row, lines: Sequence[Row]) -> dict[str, Any]:
    """Give every text of an invoice. head and lines: the rows as they were issued."""
    basis = head["basis"]
    return {
        "title": f"{MEDIUM[basis['medium']]} {swedish.month(head['month'])}",
        "number": head["number"],
        "seller": basis["seller"],
        "customer": [basis["customer_name"], *_address(basis["customer_address"])],
        "facts": [
            ["Fakturanummer", head["number"]],
            ["Fakturadatum", basis["issued_on"]],
            ["Förfallodag", head["due_on"].isoformat()],
            ["Kundnummer", basis["customer_number"]],
            ["Avtal", basis["contract_number"]],
        ],
        "place": [
            ["Anläggning", f"{basis['facility_name']}, {basis['facility_address']}"],
            ["Anläggningsnummer", basis["facility_number"]],
            ["Mätpunkt", basis["metering_point"]],
            ["Period", swedish.days(head["part_from"], head["part_to"])],
            *_price_lists(basis["parts"]),
            *_powers(basis["parts"]),
        ],
        "registers": [_register(part) for part in basis["parts"]],
        "energy": f"{swedish.number(Decimal(sum(part['energy_kwh'] for part in basis['parts'])) / 1000, 3)} MWh",
        "lines": [_line(line, len(basis["parts"]) > 1) for line in lines],
        "sums": [
            ["Summa exklusive moms", swedish.kronor(head["net_ore"])],
            *(_vat(vat, len(basis["vat"]) > 1) for vat in basis["vat"]),
        ],
        "total": swedish.kronor(head["total_ore"]),
        "due_on": head["due_on"].isoformat(),
        "ocr": basis["ocr"],
        "notes": _notes(basis["parts"]),
    }


def _address(address: str) -> list[str]:
    return [line.strip() for line in address.split(",")]


def _register(part: Row) -> list[str]:
    return [
        swedish.days(date.fromisoformat(part["first"]), date.fromisoformat(part["end"])),
        *(swedish.number(whole_kwh(part[f"{end}_wh"]), 0) + _mark(part, end) for end in REGISTERS),
        swedish.number(part["energy_kwh"], 0),
    ]


def _mark(part: Row, end: str) -> str:
    # An invoice of before does not say.
    return "*" if part.get(f"{end}_is_estimated") else ""


def _powers(parts: Sequence[Row]) -> list[list[str]]:
    """The power in force of each part, or the yearly energy, its method and since when; the same one is named once."""
    said: list[list[str]] = []
    for part in parts:
        power = part["power"]
        if power:
            line = _months_own(power) if "days" in power else _in_force(power)
            if not said or said[-1] != line:
                said.append(line)
    return said


def _in_force(power: Row) -> list[str]:
    method = METHOD.get(power["method"], power["method"])
    is_energy, amount = power["method"] in YEARLY_ENERGY, Decimal(power["kw"])
    name = "Årsenergi" if is_energy else "Abonnemangseffekt"
    quantity = f"{swedish.number(amount, 2)} MWh" if is_energy else swedish.power(amount)
    return [name, f"{quantity} från och med {power['valid_from']}, {method}"]


def _months_own(power: Row) -> list[str]:
    """The power of the month alone, its method and its days; of an agreed one there are none."""
    days = swedish.days_of_month([date.fromisoformat(day) for day in power["days"]])
    text = f"{swedish.power(Decimal(power['kw']))}, {METHOD.get(power['method'], power['method'])}"
    return ["Månadens effekt", f"{text}: {days}" if days else text]


def _price_lists(parts: Sequence[Row]) -> list[list[str]]:
    """The name of each part's price list; the same one is named once."""
    return [["Prislista", name] for name in dict.fromkeys(part["price_list"]["name"] for part in parts)]


def _line(line: Row, has_parts: bool) -> dict[str, Any]:
    share = f"{line['days']} av {line['year_days']} dygn" if line["days"] and not _is_whole_month(line) else ""
    when = swedish.days(line["part_from"], line["part_to"]) if has_parts else ""
    name, quantity, price = _said(line)
    return {
        "name": name,
        "detail": ", ".join(text for text in (when, share) if text),
        "quantity": quantity,
        "price": price,
        "amount": swedish.kronor(line["amount_ore"]),
    }


def _is_whole_month(line: Row) -> bool:
    return line["unit"] in MONTHLY and bool(line["days"] == line["year_days"])


def _said(line: Row) -> tuple[str, str, str]:
    """Give a line's name, quantity and price in words."""
    price, label, unit = swedish.price(line["price"]), line["label"], line["unit"]
    counted = f"{swedish.number(line['quantity'], DECIMALS.get(unit, 0))} {unit}"
    match line["component"]:
        case "energy":
            return f"Energi, {_within_a_line(label)}", counted, f"{price} kr/{unit}"
        case "power":
            band = f"{swedish.price(line['fixed_price'])} kr + " if line["fixed_price"] else ""
            period = "månad" if unit in MONTHLY else "år"
            return "Effekt", swedish.power(line["quantity"]), f"{band}{price} kr/kW och {period}"
        case "fixed":
            return label or "Fast avgift", "", f"{price} kr/{'månad' if unit in MONTHLY else 'år'}"
        case "overrun":
            return "Effekt över vald effekt", swedish.power(line["quantity"]), f"{price} kr/kW"
        case _:
            return label, counted, f"{price} kr/{unit}"


def _within_a_line(label: str) -> str:
    """Begin with a small letter, but not what is written in capitals for itself, such as MWh."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def _vat(vat: Row, is_one_of_several: bool) -> list[str]:
    percent = swedish.price(Decimal(vat["percent"])).removesuffix(",00")
    base = f" på {swedish.kronor(vat['net_ore'])} kr" if is_one_of_several else ""
    return [f"Moms {percent} %{base}", swedish.kronor(vat["vat_ore"])]


def _notes(parts: Sequence[Row]) -> list[str]:
    days, estimated = (sum(part[name] for part in parts) for name in ("days", "days_estimated"))
    notes = ["Energin är skillnaden mellan mätarställningarna vid periodens början och slut."]
    if estimated:
        notes.append(
            f"För {estimated} av {days} dygn saknas mätvärden under mer än två timmar. Energin för dem är beräknad"
            " efter anläggningens förbrukning och utetemperaturen eller jämnt fördelad"
            " mellan de närmaste mätarställningarna."
        )
    if any(_mark(part, end) for part in parts for end in REGISTERS):
        notes.append("* Beräknad mätarställning: mätaren är inte avläst vid den tidpunkten.")
    return notes
