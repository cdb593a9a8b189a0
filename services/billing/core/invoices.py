"""A contract's month as an invoice: sums, and the basis that it cites."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.billing.core.held import Held, HeldReason
from services.billing.core.lines import Line, lines
from services.billing.core.parts import Part
from services.heat.tariff.energy import energy_kwh
from services.heat.tariff.vat import vat_ore


@dataclass(frozen=True, slots=True)
class Figures:
    """What ingest knows of a part: the running register at both midnights, and how whole its days are.

    revision: the highest of its days, and of the day before it, whose end is the part's beginning.
    """

    register_from_wh: int | None
    register_to_wh: int | None
    days_whole: int
    days_measured: int
    days_estimated: int
    revision: int | None
    is_start_estimated: bool = False
    is_end_estimated: bool = False
    """Whether the day that ends with the register is estimated, so that no meter may ever have shown it."""


@dataclass(frozen=True, slots=True)
class Vat:
    """The VAT on all lines with one percentage."""

    percent: Decimal
    net_ore: int
    vat_ore: int


@dataclass(frozen=True, slots=True)
class Draft:
    """An invoice without its number yet."""

    lines: list[Line]
    vat: list[Vat]
    basis_parts: list[dict[str, Any]]

    @property
    def net_ore(self) -> int:
        """The lines' sum, excluding VAT."""
        return sum(vat.net_ore for vat in self.vat)

    @property
    def vat_ore(self) -> int:
        """The VAT on the sum."""
        return sum(vat.vat_ore for vat in self.vat)


def draft(parts: Sequence[Part], figures: Sequence[Figures]) -> Draft | Held:
    """Price the parts of a month with their figures. Held where a day is not whole or a register went backwards."""
    priced: list[Line] = []
    basis_parts = []
    for part, known in zip(parts, figures, strict=True):
        since, to = known.register_from_wh, known.register_to_wh
        if since is None or to is None or known.days_whole < part.days:
            return Held(HeldReason.DAYS_MISSING)
        if to < since:
            return Held(HeldReason.REGISTER_WENT_BACKWARDS)
        kwh = energy_kwh(since, to)
        priced += lines(part, kwh)
        basis_parts.append(_basis(part, known, kwh))
    return Draft(priced, _vat(priced), basis_parts)


def _vat(priced: Sequence[Line]) -> list[Vat]:
    percents = sorted({line.part.price_list.vat_percent for line in priced})
    nets = [
        (one, sum(line.amount_ore for line in priced if line.part.price_list.vat_percent == one)) for one in percents
    ]
    return [Vat(percent, net, vat_ore(net, percent)) for percent, net in nets]


def _basis(part: Part, known: Figures, kwh: int) -> dict[str, Any]:
    price_list, power = part.price_list, part.power
    return {
        "first": part.first.isoformat(),
        "end": part.end.isoformat(),
        "register_from_wh": known.register_from_wh,
        "register_to_wh": known.register_to_wh,
        "register_from_is_estimated": known.is_start_estimated,
        "register_to_is_estimated": known.is_end_estimated,
        "energy_kwh": kwh,
        "days": part.days,
        "days_measured": known.days_measured,
        "days_estimated": known.days_estimated,
        "revision": known.revision,
        "price_list": {
            "price_list_id": price_list.price_list_id,
            "version": price_list.version,
            "name": price_list.name,
        },
        "power": power.model_dump(mode="json") if power else None,
    }
