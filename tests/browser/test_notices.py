"""The notice of a price list that goes: on the customer's own pages at once, with both yearly costs."""

import json
from datetime import date, timedelta

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser

from deploy.local.folder import ROOT
from tests.browser.conftest import COOKIE, Portal
from tests.browser.seed import seed
from tests.browser.test_prices import shot

GOES_ON = (date.today() + timedelta(days=200)).replace(day=1)  # noqa: DTZ011 far enough from any midnight


class Told:
    """A house whose price list was withdrawn, and the session of who owns it."""

    def __init__(self, portal: Portal) -> None:
        self.house, _, self.token = seed(portal.stack, "browser-told", 660_301)
        url = f"http://127.0.0.1:{portal.stack.port('contracts_http')}/v1/price-lists"
        with httpx.Client(headers={"Authorization": f"Bearer {portal.stack.integration_key}"}) as staff:
            for name in ("fast", "bas"):
                document = json.loads((ROOT / f"services/contracts/price_lists/{name}-{YEARS[name]}.json").read_text())
                document |= {"valid_from": "2018-01-01"} | OPTIONS.get(name, {})
                document.pop("valid_to", None)
                staff.put(f"{url}/told-{name}", json=document).raise_for_status()
            with psycopg.connect(portal.stack.admin_dsn) as connection:
                connection.execute(
                    "UPDATE contracts.contract_term SET price_list_id = 'told-fast' WHERE contract_id = %s",
                    [self.house.contract_id],
                )
                connection.execute(
                    "INSERT INTO contracts.chosen_option SELECT contract_id, 'climate', valid_from"
                    " FROM contracts.contract_term WHERE contract_id = %s",
                    [self.house.contract_id],
                )
            asked = {"withdrawn_on": str(GOES_ON), "replaced_by": ["told-bas"], "who": "Eva", "cause": "one model"}
            answer = staff.put(f"{url}/told-fast/withdrawal", json=asked).raise_for_status().json()
            self.costs = answer["contracts"][0]["costs"]


YEARS = {"fast": 2022, "bas": 2023}
OPTIONS = {"fast": {"options": [{"reference": "climate", "name": "Klimatval", "per_mwh": "15"}]}}


@pytest.fixture(scope="module")
def customer(portal: Portal) -> Told:
    return Told(portal)


def swedish(kr: str) -> str:
    """An amount as Swedes write it."""
    return f"{float(kr):,.2f}".replace(",", "\u00a0").replace(".", ",") + "\u00a0kr"


@pytest.mark.parametrize("width", [1280, 360])
def test_both_yearly_costs_stand_on_the_contracts_page_at_once(
    browser: Browser, portal: Portal, customer: Told, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=False)
    context.add_cookies([{"name": COOKIE, "value": customer.token, "url": portal.base}])
    page = context.new_page()
    page.goto(f"{portal.base}/contracts")
    text = page.inner_text("main")
    assert f"Prislista Fast 2022 tas bort {GOES_ON}" in text
    for side in ("today", "proposed"):
        for name in ("net_kr", "total_kr"):
            assert swedish(customer.costs[side][name]) in text
    assert f"Klimatval, från {GOES_ON}" in text
    assert "effektsignatur" in text
    assert "Osäkerhet" in text
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, f"notice-{width}")
    context.close()


def test_the_contracts_own_page_says_the_same(portal: Portal, customer: Told) -> None:
    page = portal.get(f"/facilities/{customer.house.facility_id}/contract", customer.token).text
    assert swedish(customer.costs["proposed"]["total_kr"]) in page
    assert f"Klimatval, från {GOES_ON}" in page


def test_nobody_else_sees_the_notice(portal: Portal, customer: Told) -> None:
    page = portal.get("/contracts").text
    assert "tas bort" not in page
    assert portal.get("/contracts", "nobody").status_code == 303


def test_a_contract_that_stays_has_no_notice(portal: Portal) -> None:
    page = portal.get(f"/facilities/{portal.house.facility_id}/contract").text
    assert f"A-{portal.house.point_id}" in page
    assert "tas bort" not in page
