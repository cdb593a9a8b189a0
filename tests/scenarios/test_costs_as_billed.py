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
from schemas.contracts import PowerInForce
from schemas.price_lists import PriceList, PriceListChanged, PriceListStatus
from schemas.values import PriceListId
from services.billing.core.lines import Used as BilledUse
from services.billing.core.lines import lines
from services.billing.core.parts import Part
from services.billing.core.prices import Prices as BilledPrices
from services.contracts.core import price_list_documents
from services.contracts.core.year_cost import MONTHS, Prices, Used, twelve_months

FOLDER = ROOT / "services/contracts/price_lists"
KWH = [9_120, 8_003, 7_411, 4_277, 2_019, 1_102, 904, 951, 1_733, 4_155, 6_502, 8_318]
KW = Decimal("73.45")


def price_list(path: Path) -> PriceList:
    text = path.read_text()
    document = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    terms = price_list_documents.price_list(document)
    return PriceList.model_validate(terms.model_dump(mode="json") | {"price_list_id": "one", "version": 1})


def billed(version: PriceList, months: tuple[date, ...]) -> Counter[str]:
    name = PriceListId("one")
    prices = BilledPrices({name: PriceListChanged(price_list_id=name, version=1, versions=(version,))})
    power = PowerInForce(valid_from=months[0], kw=KW, method="entered", determination_id=None)
    parts = [Part(first, end, version, power) for first, end in pairwise(months)]
    used = [BilledUse(kwh, kwh * 21, 4_712, 4_500, 19_500, 0) for kwh in KWH]
    found: Counter[str] = Counter()
    for of_month in lines(parts, used, prices):
        assert of_month is not None
        for line in of_month:
            found[line.component.value] += line.amount_ore
    return found


EVERY = {path.name: price_list(path) for path in sorted(FOLDER.iterdir())}
FIRM = {name: version for name, version in EVERY.items() if version.extension.status is PriceListStatus.FIRM}


@pytest.mark.parametrize("version", FIRM.values(), ids=FIRM)
def test_a_year_costs_what_its_twelve_invoices_do(version: PriceList) -> None:
    months = twelve_months(version, version.valid_period.from_including)
    assert months is not None
    # Their prices change where months begin, so that a month is one part of an invoice.
    kwh = np.array(KWH)
    level = [np.full(MONTHS, one) for one in (4_712, 4_500, 19_500, 0, int(KW * 100))]
    cost = Prices(version, months).cost(Used(kwh, kwh * 21, *level))
    foreseen: Counter[str] = Counter()
    for line in cost.lines:
        foreseen[line.charge.value] += line.ore
    assert foreseen == billed(version, months)
