"""What everybody may see: prices in force, and what a year costs, with and without JavaScript, in both languages."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page

from deploy.local.folder import ROOT
from tests.browser.conftest import Portal

SHOTS = Path(os.environ["KULVERT_SHOTS"]) if "KULVERT_SHOTS" in os.environ else None
"""Where to leave pictures for whoever looks at pages."""


@pytest.fixture(scope="module", autouse=True)
def lists(portal: Portal) -> None:
    url = f"http://127.0.0.1:{portal.stack.port('contracts_http')}/v1/price-lists"
    key = {"Authorization": f"Bearer {portal.stack.integration_key}"}
    # Oldest first: another file's houses have been on the first one.
    for name in ("bas-2018", "bas-2023", "topp-2023"):
        document = json.loads((ROOT / f"services/contracts/price_lists/{name}.json").read_text())
        httpx.put(f"{url}/{name[:-5]}", json=document, headers=key).raise_for_status()


@pytest.fixture(params=[("sv-SE", True), ("en-GB", False)], ids=["sv", "en without script"])
def stranger(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    locale, has_script = request.param
    context = browser.new_context(locale=locale, java_script_enabled=has_script)
    yield context.new_page()
    context.close()


def shot(page: Page, name: str) -> None:
    # Last of all: the browser's driver hides the caret by a style of its own, of which the console complains.
    if SHOTS:
        page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def test_a_stranger_calculates_a_year(portal: Portal, stranger: Page) -> None:
    faults: list[str] = []
    stranger.on("console", lambda told: faults.append(told.text) if told.type in ("error", "warning") else None)
    stranger.goto(f"{portal.base}/prices")
    is_english = stranger.locator("html").get_attribute("lang") == "en"
    stranger.select_option("#price_list_id", "bas")
    stranger.fill("#power_kw", "20")
    stranger.fill("#energy_mwh", "50,5")
    stranger.select_option("#category", "small_house")
    stranger.click("button.primary")
    stranger.wait_for_selector(".figure")
    text = stranger.inner_text(".figure")
    asked = {"price_list_id": "bas", "power_kw": "20", "energy_mwh": "50.5", "category": "small_house"}
    found = httpx.get(f"{portal.base}/prices/calculation", params=asked).raise_for_status().json()
    whole, hundredths = f"{float(found['total_kr']):,.2f}".split(".")
    wanted = f"SEK {whole}.{hundredths}" if is_english else f"{whole.replace(',', ' ')},{hundredths} kr"
    assert wanted in text.replace("\u00a0", " ")
    stranger.click("summary >> nth=0")
    assert faults == []
    shot(stranger, f"calculated-{'en' if is_english else 'sv'}")


def test_a_wrong_value_is_told_at_its_field_and_kept(portal: Portal, stranger: Page) -> None:
    stranger.goto(f"{portal.base}/prices?price_list_id=bas&power_kw=0&energy_mwh=-3")
    assert stranger.locator("[aria-invalid]").count() == 2
    assert stranger.input_value("#energy_mwh") == "-3"
    assert stranger.locator("#power_kw-fault").is_visible()
    shot(stranger, "prices-wrong")


def test_prices_fit_on_a_phone(portal: Portal, browser: Browser) -> None:
    page = browser.new_context(viewport={"width": 360, "height": 800}).new_page()
    page.goto(f"{portal.base}/prices?price_list_id=bas&power_kw=20&energy_mwh=50")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    shot(page, "prices-phone")


def test_data_and_page_are_within_limits(portal: Portal) -> None:
    answer = httpx.get(f"{portal.base}/prices/calculation", params={"power_kw": "1" * 1_000})
    assert (answer.status_code, answer.json()["code"]) == (400, "too_long")
    answer = httpx.get(f"{portal.base}/prices/calculation", params={"price_list_id": "bas", "power_kw": "0"})
    assert answer.status_code == 422
    assert {one["field"] for one in answer.json()["errors"]} == {"power_kw", "energy_mwh"}


def test_bands_of_the_yearly_energy_are_in_mwh_and_a_price_says_which_side_counts(
    portal: Portal, stranger: Page
) -> None:
    url = f"http://127.0.0.1:{portal.stack.port('contracts_http')}/v1/price-lists/villa-by-energy"
    energy = {"name": "Hela året", "months": [*range(1, 13)], "price_per_mwh": "700"}
    bands = [
        {"from_mwh": "0", "to_mwh": "15", "fixed_per_year": "2400"},
        {"from_mwh": "15", "to_mwh": "22.5", "fixed_per_year": "3600"},
        {"from_mwh": "22.5", "to_mwh": None, "fixed_per_year": "4800"},
    ]
    bonus = {"type": "returnTemperaturePrice", "price_per_mwh_c": "6", "reference_c": "45", "counts": "below"}
    components = [
        {"type": "energyPrice", "seasons": [energy]},
        {"type": "yearlyEnergyPrice", "bands": bands},
        bonus | {"at_most_c": "10"},
    ]
    document = {
        "name": "Villapris efter årsenergi",
        "valid_from": "2020-01-01",
        "valid_to": "2060-12-31",
        "components": components,
    }
    key = {"Authorization": f"Bearer {portal.stack.integration_key}"}
    httpx.put(url, json=document, headers=key).raise_for_status()
    # No power is asked for: 20 MWh are in the second band.
    stranger.goto(f"{portal.base}/prices?price_list_id=villa-by-energy&energy_mwh=20")
    is_english = stranger.locator("html").get_attribute("lang") == "en"
    assert stranger.locator(".figure").count() == 1
    own = stranger.locator("section.card", has=stranger.locator("h2", has_text="Villapris efter årsenergi"))
    text = (own.text_content() or "").replace("\u00a0", " ")
    assert "≤ 15 MWh" in text
    assert ("Yearly energy: a normal year's energy." if is_english else "Årsenergi: normalårets energi.") in text
    # What it is for stands once, and a limit with its decimals.
    charge = "Return temperature" if is_english else "Returtemperatur"
    assert f"{charge} under 45 °C, högst 10 °C räknas" in text
    assert ("> 22.5 MWh" if is_english else "> 22,5 MWh") in text
    assert ("15–22.5 MWh" if is_english else "15–22,5 MWh") in text
    assert "kW" not in text
    wanted = ("only what is below counts", "at most 10.0 °C count")
    assert all(
        one in text for one in (wanted if is_english else ("bara det som är under räknas", "högst 10,0 °C räknas"))
    )
