"""What a customer's own contract costs in a normal year, and what it would cost otherwise."""

import json
from collections.abc import Iterator
from datetime import timedelta

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, Page

from deploy.local.folder import ROOT
from tests.browser.conftest import COOKIE, Portal
from tests.browser.seed import GAP, House, seed
from tests.browser.test_prices import shot

_FILL = """
    INSERT INTO ingest.day (point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured,
                            is_measured, volume_l, energy_return_wh_centi_c, energy_with_return_wh, quality, revision)
    SELECT %s, %s, 300000, 20000, 24, 24, 24, true, 6000, 0, 0, 1, 1
"""


class Owner:
    """A house that has figures of each day, and the session of who owns it."""

    def __init__(self, portal: Portal, name: str = "browser-costs", first_point: int = 660_201) -> None:
        house, _, self.token = seed(portal.stack, name, first_point)
        self.house: House = house
        self.path = f"{portal.base}/facilities/{house.facility_id}/contract"
        with psycopg.connect(portal.stack.admin_dsn) as connection:
            for back in GAP:
                connection.execute(_FILL, [house.point_id, house.last - timedelta(days=back)])


@pytest.fixture(scope="module")
def owner(portal: Portal) -> Owner:
    url = f"http://127.0.0.1:{portal.stack.port('contracts_http')}/v1/price-lists"
    key = {"Authorization": f"Bearer {portal.stack.integration_key}"}
    # Oldest first: another file's houses have been on the first one.
    for name in ("bas-2018", "bas-2023", "topp-2023"):
        document = json.loads((ROOT / f"services/contracts/price_lists/{name}.json").read_text())
        httpx.put(f"{url}/{name[:-5]}", json=document, headers=key).raise_for_status()
    return Owner(portal)


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def page(browser: Browser, portal: Portal, owner: Owner, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=request.param)
    context.add_cookies([{"name": COOKIE, "value": owner.token, "url": portal.base}])
    yield context.new_page()
    context.close()


def test_a_customer_finds_what_the_year_costs_and_on_what_that_rests(portal: Portal, page: Page, owner: Owner) -> None:
    faults: list[str] = []
    page.on("console", lambda told: faults.append(told.text) if told.type in ("error", "warning") else None)
    page.goto(f"{portal.base}/facilities/{owner.house.facility_id}")
    page.get_by_role("link", name="Vad kostar ett år?").click()
    page.wait_for_selector(".figure")
    text = page.inner_text("main").replace("\u00a0", " ")
    assert "effektsignatur" in text
    assert "Osäkerhet ±" in text
    assert "kr inkl. moms" in text.replace("\n", " ")
    assert faults == []
    shot(page, "contract")


def test_choices_stand_beside_today_and_name_the_difference(page: Page, owner: Owner) -> None:
    page.goto(f"{owner.path}/simulate")
    page.fill("#saved_percent", "10")
    page.fill("#cooling_c", "5,0")
    page.click("button.primary")
    page.wait_for_url("**saved_percent=10**")
    assert "mindre per år" in page.inner_text(".figure")
    assert page.input_value("#cooling_c") == "5,0"
    shot(page, "simulate")


def test_a_list_that_the_facility_may_not_choose_is_told_at_the_choice(page: Page, owner: Owner) -> None:
    page.goto(f"{owner.path}/simulate?price_list_id=topp")
    assert page.inner_text("#price_list_id-fault") == "Anläggningen får inte välja den prislistan."


def test_each_is_had_as_pdf_by_who_sees_the_facility_alone(portal: Portal, owner: Owner) -> None:
    for path in ("contract.pdf", "contract/simulate.pdf?saved_percent=10"):
        address = f"/facilities/{owner.house.facility_id}/{path}"
        own, others = portal.get(address, owner.token), portal.get(address, portal.others_token)
        assert (own.status_code, own.headers["content-type"], own.content[:4]) == (200, "application/pdf", b"%PDF")
        assert others.status_code == 404


def test_a_power_below_what_is_measured_is_warned_of(page: Page, owner: Owner) -> None:
    page.goto(f"{owner.path}/simulate?power_kw=5")
    assert "är lägre än de" in page.inner_text(".warning")
    page.goto(f"{owner.path}/simulate?power_kw=500")
    assert page.locator(".figure").count() == 1
    assert page.locator(".warning").count() == 0


def test_a_customers_long_name_does_not_widen_a_phones_page(portal: Portal, browser: Browser, owner: Owner) -> None:
    with psycopg.connect(portal.stack.admin_dsn) as connection:
        connection.execute(
            "UPDATE contracts.customer SET name = 'Bostadsrättsföreningen Linden 1' WHERE customer_id IN"
            " (SELECT customer_id FROM contracts.contract WHERE contract_id = %s)",
            [owner.house.contract_id],
        )
    context = browser.new_context(viewport={"width": 390, "height": 800})
    context.add_cookies([{"name": COOKIE, "value": owner.token, "url": portal.base}])
    opened = context.new_page()
    opened.goto(owner.path)
    assert "Bostadsrättsföreningen Linden 1" in opened.inner_text("main")
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
    shot(opened, "contract-390")
    context.close()


def test_costs_fit_on_a_phone(portal: Portal, browser: Browser, owner: Owner) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 800})
    context.add_cookies([{"name": COOKIE, "value": owner.token, "url": portal.base}])
    opened = context.new_page()
    for path in ("", "/simulate?saved_percent=10"):
        opened.goto(f"{owner.path}{path}")
        assert opened.evaluate("document.documentElement.scrollWidth") <= 360
    shot(opened, "simulate-phone")
    context.close()


VILLA = {
    "name": "Villa efter årsenergi", "valid_from": "2018-01-01", "valid_to": "2060-12-31", "components": [
        {"type": "energyPrice", "seasons": [{"name": "Hela året", "months": [*range(1, 13)], "price_per_mwh": "700"}]},
        {"type": "yearlyEnergyPrice", "bands": [
            {"from_mwh": "0", "to_mwh": "180", "fixed_per_year": "3600"},
            {"from_mwh": "180", "to_mwh": None, "fixed_per_year": "5400"},
        ]},
    ],
}  # fmt: skip


def test_a_house_by_its_yearly_energy_reads_mwh_everywhere_and_kw_where_a_list_asks_for_them(
    portal: Portal, browser: Browser, owner: Owner
) -> None:
    url = f"http://127.0.0.1:{portal.stack.port('contracts_http')}/v1/price-lists/villa-of-a-house"
    key = {"Authorization": f"Bearer {portal.stack.integration_key}"}
    httpx.put(url, json=VILLA, headers=key).raise_for_status()
    villa = Owner(portal, "browser-villa", 660_401)
    contract = villa.house.contract_id
    with psycopg.connect(portal.stack.admin_dsn) as connection:
        connection.execute("DELETE FROM contracts.power_in_force WHERE contract_id = %s", [contract])
        connection.execute("DELETE FROM contracts.determination WHERE contract_id = %s", [contract])
        connection.execute(
            "INSERT INTO contracts.power_in_force (contract_id, valid_from, kw, method)"
            " SELECT contract_id, valid_from, 182.40, 'entered_energy' FROM contracts.contract WHERE contract_id = %s",
            [contract],
        )
        connection.execute(
            "UPDATE contracts.contract_term SET price_list_id = 'villa-of-a-house' WHERE contract_id = %s", [contract]
        )
    opened = browser.new_context()
    opened.add_cookies([{"name": COOKIE, "value": villa.token, "url": portal.base}])
    page = opened.new_page()
    page.goto(f"{portal.base}/facilities/{villa.house.facility_id}")
    page.wait_for_selector("figure[data-kind=energy][data-ready]")
    assert "Abonnemangseffekt" not in page.inner_text("main")
    assert "Abonnemangseffekt" not in (page.text_content("figure[data-kind=energy] svg") or "")
    page.goto(f"{villa.path}/simulate?saved_percent=10")
    # A tenth less than 182.40, which is in the band below.
    assert "Årsenergi 164,16 MWh med valen, 182,40 MWh idag." in page.inner_text("main").replace("\u00a0", " ")
    page.goto(f"{villa.path}/simulate?price_list_id=bas")
    assert "Årsenergi 182,40 MWh idag, effekt 57 kW med valen." in page.inner_text("main").replace("\u00a0", " ")
    opened.close()
