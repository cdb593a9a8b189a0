"""A year that is foreseen costs what twelve invoices over the same use would: to the öre, component by component."""

import json
from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import yaml

from deploy.local.folder import ROOT
from schemas.agreements import AS_LISTED, Agreed, ChosenOption, PriceAgreement
from schemas.contracts import PowerInForce
from schemas.price_list_terms import Option, WeightedBy
from schemas.price_lists import PriceList, PriceListChanged, PriceListStatus
from schemas.tariffs import Price
from schemas.values import PriceListId
from services.billing.core.lines import Used as BilledUse
from services.billing.core.lines import lines
from services.billing.core.parts import Part
from services.billing.core.prices import Prices as BilledPrices
from services.contracts.core import price_list_documents
from services.contracts.core.annual_estimate import Efficiency, used_in
from services.contracts.core.network_means import MonthsMean, newest
from services.contracts.core.year_cost import MONTHS, Prices, twelve_months

FOLDER = ROOT / "services/contracts/price_lists"
KWH = [9_120, 8_003, 7_411, 4_277, 2_019, 1_102, 904, 951, 1_733, 4_155, 6_502, 8_318]
KW = Decimal("73.45")
OWN = Efficiency(np.full(MONTHS, 21_000), np.full(MONTHS, 4_712), np.full(MONTHS, 4_655))
# Another mean each month, above its own and below.
MEANS = newest(
    MonthsMean(date(2025, month, 1), 4_300 + 75 * month, 4_200 + 80 * month, 18_000 + 400 * month)
    for month in range(1, MONTHS + 1)
)


def price_list(path: Path) -> PriceList:
    text = path.read_text()
    document = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    terms = price_list_documents.price_list(document)
    return PriceList.model_validate(terms.model_dump(mode="json") | {"price_list_id": "one", "version": 1})


def billed(version: PriceList, months: tuple[date, ...], agreed: Agreed) -> Counter[str]:
    name, weighted_by = PriceListId("one"), version.extension.return_temperature_weighted_by
    prices = BilledPrices({name: PriceListChanged(price_list_id=name, version=1, versions=(version,))})
    power = PowerInForce(valid_from=months[0], kw=KW, method="entered", determination_id=None)
    parts = [Part(first, end, version, power, agreed) for first, end in pairwise(months)]
    used = [in_month(first.month - 1, weighted_by is WeightedBy.ENERGY) for first in months[:-1]]
    found: Counter[str] = Counter()
    for of_month in lines(parts, used, prices):
        assert of_month is not None
        for line in of_month:
            found[line.component.value] += line.amount_ore
    return found


def in_month(at: int, is_by_energy: bool) -> BilledUse:
    own, network = (4_712, 4_375 + 75 * at) if is_by_energy else (4_655, 4_280 + 80 * at)
    return BilledUse(KWH[at], KWH[at] * 21, own, network, 18_400 + 400 * at, 0)


def against_network(weighted_by: str, **counted: str) -> PriceList:
    """Bas as it would be if return temperature and flow were held against the network's means."""
    document = json.loads((FOLDER / "bas-2023.json").read_text())
    others = [one for one in document["components"] if one["type"] != "returnTemperaturePrice"]
    returned = {"type": "returnTemperaturePrice", "months": [*range(1, 13)], "price_per_mwh_c": "4.37"}
    volume = {"type": "volumePrice", "price_per_m3": "3.53", "held_against": "systemAverage"}
    components = [*others, returned | counted | {"weighted_by": weighted_by}, volume]
    return PriceList.model_validate(document | {"components": components, "price_list_id": "one", "version": 1})


EVERY = {path.name: price_list(path) for path in sorted(FOLDER.iterdir())}
FIRM = {name: version for name, version in EVERY.items() if version.extension.status is PriceListStatus.FIRM}
HELD = {f"bas-2023 by {one}, against the network": against_network(one) for one in ("energy", "flow")}
HELD |= {
    "above the network alone": against_network("energy", counts="above"),
    "below the network, 2.5 °C at most": against_network("energy", counts="below", at_most_c="2.5"),
}


def with_option(version: PriceList) -> PriceList:
    """The list as it would be if it offered a climate option."""
    price = Price(price_ex_vat=Decimal("13.37"), price_inc_vat=Decimal("16.7125"), currency="SEK")
    option = Option(reference="climate", name="Klimatval", per_year=price, per_mwh=price)
    return version.model_copy(update={"extension": version.extension.model_copy(update={"options": (option,)})})


def in_year(months: tuple[date, ...]) -> Agreed:
    """An option from the third month on, a tenth off for three months, and a fixed price of energy for four."""
    option = ChosenOption(valid_from=months[2], valid_to=None, reference="climate")
    off = PriceAgreement(name="Rabatt", valid_from=months[1], valid_to=months[4], discount_percent=Decimal("12.5"))
    fixed = PriceAgreement(name="Fast", valid_from=months[6], valid_to=months[10], energy_per_mwh=Decimal("431.17"))
    return Agreed((option,), (off, fixed))


@pytest.mark.parametrize("is_agreed", [False, True], ids=["as listed", "with options and agreements"])
@pytest.mark.parametrize("version", [*FIRM.values(), *HELD.values()], ids=[*FIRM, *HELD])
def test_a_year_costs_what_its_twelve_invoices_do(version: PriceList, is_agreed: bool) -> None:
    months = twelve_months(version, version.valid_period.from_including)
    assert months is not None
    agreed = in_year(months) if is_agreed else AS_LISTED
    # Their prices change where months begin, so that a month is one part of an invoice.
    version = with_option(version)
    prices = Prices(version, months, agreed)
    used, _ = used_in(prices, np.array(KWH), OWN, int(KW * 100), MEANS)
    foreseen: Counter[str] = Counter()
    for line in prices.cost(used).lines:
        foreseen[line.charge.value] += line.ore
    assert foreseen == billed(version, months, agreed)
    if any(one.is_against_network for one in prices.rates):
        assert foreseen["return_temperature"] != 0
        assert foreseen["volume"] != 0
