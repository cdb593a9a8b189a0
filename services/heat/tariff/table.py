"""A price list as tables: for every span of days on which nothing of it changes and every band of power, its prices."""

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np

from services.heat.arrays import Bool, Int64
from services.heat.local_time import EPOCH
from services.heat.tariff.year_days import days_of_year

MICRO, MILLI, CENTI = 1_000_000, 1_000, 100
KWH_PER_MWH = 1_000
UNLIMITED = np.iinfo(np.int64).max
"""The bound of a deviation all of which counts."""


class Charge(StrEnum):
    """What a line of an invoice is for. The value is stored and never renamed."""

    ENERGY = "energy"
    POWER = "power"
    FIXED = "fixed"
    VOLUME = "volume"
    RETURN_TEMPERATURE = "return_temperature"
    OVERRUN = "overrun"


class Rate(Protocol):
    """One component of one band of a price list, as its document says it."""

    @property
    def charge(self) -> str:
        """One of Charge's values."""

    @property
    def band(self) -> int:
        """Which band it is of, 0 being that of the lowest powers."""

    @property
    def reference(self) -> str:
        """Its own name within the charge; a fixed part of the same name as a power's rate is one amount with it."""

    @property
    def first(self) -> date:
        """The first day that it counts on."""

    @property
    def end(self) -> date:
        """The first day that it does not count on any more."""

    @property
    def price(self) -> Decimal:
        """In kr, excluding VAT."""

    @property
    def per(self) -> str:
        """P1Y or P1M of a fixed one, MWh or kWh of energy, kW (and year) or kW/P1M of power; others have one unit."""

    @property
    def against(self) -> Decimal | None:
        """What the quantity is held against: °C of a return temperature, m3/MWh of a volume."""

    @property
    def is_against_network(self) -> bool:
        """True where it is held against the mean of the network."""

    @property
    def counts(self) -> str:
        """Which side of what it is held against counts: both, above or below."""

    @property
    def at_most(self) -> Decimal | None:
        """How much of a deviation counts at most, above and below alike: °C of a return temperature; None for all."""


class Layer(NamedTuple):
    """One addend of a charge: of components that count on the same days each is in a layer of its own.

    (s, b) each, by span and band; prices in millionths of a krona.
    """

    charge: Charge
    rate: Int64
    """Which of the rates it is, -1 where there is none."""
    price: Int64
    """Per MWh, kW and year or month, m3, MWh and °C, kW, or of a fixed one per year or month."""
    band_fixed: Int64
    """What a band costs a year or month beside its rate."""
    is_monthly: Bool
    against: Int64
    """In hundredths of °C, or litres per MWh; 0 where the quantity is held against nothing, or the network."""
    is_against_network: Bool
    least: Int64
    """The least deviation that counts, in hundredths of °C, or of the volume in millilitres: -UNLIMITED to 0."""
    most: Int64
    """The highest deviation that counts: 0 to UNLIMITED."""

    @property
    def is_limited(self) -> bool:
        """True where not all of a deviation counts."""
        return bool((self.least > -UNLIMITED).any() or (self.most < UNLIMITED).any())


class PriceTable(NamedTuple):
    """A version of a price list, ready to be reckoned with."""

    first_day: Int64
    """(s + 1,): where each span begins, and where the last ends; days since 1970. None crosses a turn of the year."""
    year_days: Int64
    """(s,): days of each span's year."""
    limits_centi_kw: Int64
    """(b - 1,): the highest power of each band but the last, in hundredths of a kW."""
    layers: Sequence[Layer]


def table(rates: Sequence[Rate], limits_kw: Sequence[Decimal]) -> PriceTable:
    """Lay out the rates of a price list. limits_kw: the highest power of each band but the last, rising.

    Raises ValueError where there are no rates, or a price is finer than a millionth of a krona.
    """
    if not rates:
        raise ValueError("a price list without components costs nothing, and cannot be meant")
    spans = list(pairwise(_cuts(rates)))
    of_bands = _parts_of_bands(rates)
    shape = len(spans), len(limits_kw) + 1
    layers = [
        _layer(charge, rates, addend, shape, of_bands)
        for charge, addends in _by_charge(rates, spans, of_bands).items()
        for addend in addends
    ]
    return PriceTable(
        np.array([(day - EPOCH).days for day in _cuts(rates)]),
        np.array([days_of_year(begin.year) for begin, _ in spans]),
        np.array([int(limit * CENTI) for limit in limits_kw], np.int64),
        layers,
    )


def _cuts(rates: Sequence[Rate]) -> list[date]:
    """Give the days on which a price begins or ends, or a year begins."""
    days = {day for one in rates for day in (one.first, one.end)}
    turns = (date(year, 1, 1) for year in range(min(days).year + 1, max(days).year + 1))
    return sorted(days | {turn for turn in turns if turn < max(days)})


_Span = tuple[date, date]
_Addend = dict[tuple[int, int], int]
"""Which rate counts, by span and band."""


def _by_charge(
    rates: Sequence[Rate], spans: Sequence[_Span], of_bands: Container["_Key"]
) -> dict[Charge, list[_Addend]]:
    """Part the rates of each charge into addends, of which no two count in the same span and band."""
    found: dict[Charge, list[_Addend]] = defaultdict(list)
    for index, rate in enumerate(rates):
        if rate.charge == Charge.FIXED and _key(rate) in of_bands:
            continue
        for span, (begin, end) in enumerate(spans):
            if rate.first <= begin and end <= rate.end:
                _place(found[Charge(rate.charge)], (span, rate.band), index)
    return {charge: found[charge] for charge in Charge if charge in found}


def _place(addends: list[_Addend], where: tuple[int, int], index: int) -> None:
    addend = next((one for one in addends if where not in one), None)
    if addend is None:
        addend = {}
        addends.append(addend)
    addend[where] = index


_Key = tuple[int, str, date, date, bool]


def _key(rate: Rate) -> _Key:
    return rate.band, rate.reference, rate.first, rate.end, is_monthly(rate)


def is_monthly(rate: Rate) -> bool:
    """True for a price of each month, False for one of each year, and for those that time does not enter."""
    return rate.per in ("P1M", "kW/P1M")


def _parts_of_bands(rates: Sequence[Rate]) -> dict[_Key, int]:
    """Give the amounts that are a band's fixed part, and so one amount with the band's rate; in micro-kr."""
    powers = {_key(one) for one in rates if one.charge == Charge.POWER}
    found: dict[_Key, int] = defaultdict(int)
    for one in rates:
        if one.charge == Charge.FIXED and _key(one) in powers:
            found[_key(one)] += _micro(one.price)
    return found


def _micro(price: Decimal) -> int:
    """Give a price in millionths of a krona. Raises ValueError where it is finer: cut, it would be another price."""
    whole = int(price * MICRO)
    if whole != price * MICRO:
        raise ValueError(f"a price of {price} kr is finer than a millionth of a krona")
    return whole


def _layer(
    charge: Charge, rates: Sequence[Rate], addend: _Addend, shape: tuple[int, int], of_bands: Mapping[_Key, int]
) -> Layer:
    layer = Layer(
        charge,
        np.full(shape, -1),
        np.zeros(shape, np.int64),
        np.zeros(shape, np.int64),
        np.zeros(shape, bool),
        np.zeros(shape, np.int64),
        np.zeros(shape, bool),
        np.full(shape, -UNLIMITED),
        np.full(shape, UNLIMITED),
    )
    for where, index in addend.items():
        rate = rates[index]
        layer.rate[where] = index
        layer.price[where] = _micro(rate.price * (KWH_PER_MWH if rate.per == "kWh" else 1))
        layer.band_fixed[where] = of_bands.get(_key(rate), 0) if charge is Charge.POWER else 0
        layer.is_monthly[where] = is_monthly(rate)
        layer.is_against_network[where] = rate.is_against_network
        layer.least[where], layer.most[where] = counted_bounds(rate)
        if rate.against is not None:
            layer.against[where] = int(rate.against * (CENTI if charge is Charge.RETURN_TEMPERATURE else MILLI))
    return layer


def counted_bounds(rate: Rate) -> tuple[int, int]:
    """Give the least and the highest deviation that a price counts, -UNLIMITED and UNLIMITED where all.

    In hundredths of °C of a return temperature, which alone has an end; of a volume in millilitres.
    """
    most = UNLIMITED if rate.at_most is None else int(rate.at_most * CENTI)
    return 0 if rate.counts == "above" else -most, 0 if rate.counts == "below" else most
