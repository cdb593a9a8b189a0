"""Göteborg Energi's published sums come out to the öre by loading its price lists alone."""

from decimal import Decimal

import pytest

from deploy.local.folder import ROOT
from schemas.price_list_terms import PriceListTerms
from services.cli.price_list_files import read
from services.contracts.core.price_list_documents import price_list
from services.heat.tariff.table import Charge
from services.heat.tariff.vat import vat_ore
from tests.unit.contracts.months import costs

MWH_OF_2024 = [25, 23, 20, 15, 8, 5, 4, 5, 8, 14, 18, 24]


def shipped(name: str) -> PriceListTerms:
    return price_list(read(ROOT / "services/contracts/price_lists" / name))


def test_january_2026() -> None:
    used = {"kwh": 25_000, "centi_kw": 8_000, "return_centi_c": 4_000, "network_return_centi_c": 4_500}
    found = costs(shipped("goteborg-2026.yaml"), [1], **used)
    assert found == {Charge.ENERGY: [1_327_500], Charge.POWER: [897_471], Charge.RETURN_TEMPERATURE: [-87_500]}
    net = sum(one for [one] in found.values())
    assert (net, vat_ore(net, Decimal(25))) == (2_137_471, 534_368)


def test_july_2026_has_no_efficiency_price() -> None:
    found = costs(shipped("goteborg-2026.yaml"), [7], kwh=5_000, centi_kw=8_000)
    net = sum(one for [one] in found.values())
    assert (net, vat_ore(net, Decimal(25))) == (920_471, 230_118)


@pytest.mark.parametrize(
    ("kw", "kr"), [(80, 105670), (99, 128185), (101, 130511), (180, 220650), (3000, 3061020), (100, 129370)]
)
def test_a_year_of_power_in_2026(kw: int, kr: int) -> None:
    found = costs(
        shipped("goteborg-2026.yaml"), [1, 7], kwh=0, centi_kw=kw * 100, return_centi_c=0, network_return_centi_c=0
    )
    january = round(Decimal(kr * 100) * 31 / 365)
    assert found[Charge.POWER] == [january, january]


def test_the_twelve_months_of_2024() -> None:
    found = costs(
        shipped("goteborg-2024.json"), list(range(1, 13)), kwh=[mwh * 1000 for mwh in MWH_OF_2024], centi_kw=8_000
    )
    assert sum(found[Charge.ENERGY]) == 7_101_000
    assert found[Charge.POWER][3] == 799_016
    # The year's 97,480 kr, of which each month is rounded for itself.
    assert sum(found[Charge.POWER]) == 9_747_997
