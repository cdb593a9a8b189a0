"""The portal in a real browser, and its answers to whoever asks: same figures as the database, nothing of others'."""

import time
from pathlib import Path

import httpx
from playwright.sync_api import Browser, expect

from tests.browser.conftest import COOKIE, Portal, Visit
from tests.browser.seed import House

NOBODY = "nobody"


def energy_mwh(portal: Portal, house: House) -> str:
    watt_hours = portal.value(
        "SELECT sum(energy_wh)::bigint FROM ingest.day WHERE point_id = %s AND day > %s - 365",
        house.point_id,
        house.last,
    )
    return f"{watt_hours / 1e6:.1f}".replace(".", ",")


def test_a_link_logs_in_by_its_button_and_only_once(portal: Portal, browser: Browser) -> None:
    key = {"Authorization": f"Bearer {portal.stack.integration_key}"}
    address = f"http://127.0.0.1:{portal.stack.port('permissions_http')}/v1/login-links"
    link = httpx.post(address, json={"user": "browser-anna"}, headers=key).json()["token"]
    page = browser.new_context().new_page()
    for _ in range(2):
        page.goto(f"{portal.base}/login?link={link}")
    page.get_by_role("button", name="Logga in").click()
    expect(page).to_have_url(f"{portal.base}/start")
    expect(page.get_by_role("link", name="Kv. Lunden 3").first).to_be_visible()
    page.get_by_role("button", name="Logga ut").click()
    expect(page).to_have_url(f"{portal.base}/login")
    page.goto(f"{portal.base}/start")
    assert "/login" in page.url
    page.goto(f"{portal.base}/login?link={link}")
    page.get_by_role("button", name="Logga in").click()
    expect(page.get_by_role("alert")).to_be_visible()


def test_a_log_in_by_a_link_ends_the_session_that_the_browser_had(portal: Portal) -> None:
    def link() -> str:
        key = {"Authorization": f"Bearer {portal.stack.integration_key}"}
        address = f"http://127.0.0.1:{portal.stack.port('permissions_http')}/v1/login-links"
        return str(httpx.post(address, json={"user": "browser-anna"}, headers=key).json()["token"])

    with httpx.Client(base_url=portal.base) as client:
        tokens = []
        for _ in range(2):
            assert client.post("/login", data={"link": link()}).status_code == 303
            tokens.append(client.cookies[COOKIE])
        assert client.post("/login", data={"link": "spent"}).status_code == 422
    assert [portal.get("/start", token).status_code for token in tokens] == [303, 200]


def test_the_facility_page_says_what_the_database_says(portal: Portal, visit: Visit, tmp_path: Path) -> None:
    page, faults = visit()
    page.goto(f"{portal.base}/facilities/{portal.house.facility_id}")
    page.wait_for_selector("figure[data-ready]")
    page.screenshot(path=tmp_path / "facility.png", full_page=True)
    assert energy_mwh(portal, portal.house) in page.inner_text("dl.figures")
    page.get_by_text("Visa tabell").first.click()
    newest = portal.value(
        "SELECT energy_wh FROM ingest.day WHERE point_id = %s AND day = %s", portal.house.point_id, portal.house.last
    )
    row = page.inner_text(f"tr:has(th:text-is('{portal.house.last}'))").replace("\u00a0", "")
    assert f"{newest / 1000:.1f}".replace(".", ",") in row
    assert faults == []


def test_the_chart_is_read_out_with_the_keys_in_the_utilitys_own_time(portal: Portal, visit: Visit) -> None:
    page, faults = visit()
    day = portal.house.last
    page.goto(f"{portal.base}/facilities/{portal.house.facility_id}?from={day}&to={day}")
    page.wait_for_selector("figure[data-ready]")
    page.focus("figure.chart")
    page.keyboard.press("Home")
    assert "00:00–01:00" in page.inner_text("figure.chart figcaption")
    assert "uppmätt" in page.inner_text("figure.chart figcaption")
    assert faults == []


def test_nothing_but_tables_scrolls_sideways_on_a_phone(portal: Portal, visit: Visit) -> None:
    page, faults = visit(viewport={"width": 360, "height": 800}, color_scheme="dark")
    for path in ("/start", f"/facilities/{portal.house.facility_id}"):
        page.goto(portal.base + path)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert faults == []


def test_the_table_opens_without_javascript(portal: Portal, visit: Visit) -> None:
    page, _ = visit(java_script_enabled=False)
    page.goto(f"{portal.base}/facilities/{portal.house.facility_id}")
    page.get_by_text("Visa tabell").first.click()
    expect(page.get_by_role("rowheader", name=str(portal.house.last)).first).to_be_visible()


def test_anothers_facility_and_no_facility_are_the_same_bytes(portal: Portal) -> None:
    own = portal.get(f"/facilities/{portal.house.facility_id}")
    foreign = portal.get(f"/facilities/{portal.others.facility_id}")
    unknown = portal.get("/facilities/00000000-0000-4000-8000-000000000000")
    assert own.status_code == 200
    assert (foreign.status_code, foreign.content) == (404, unknown.content)
    assert portal.get(f"/facilities/{portal.others.facility_id}/days").status_code == 404


def test_a_visitor_without_a_session_is_sent_to_log_in(portal: Portal) -> None:
    for path in ("/start", f"/facilities/{portal.house.facility_id}", f"/facilities/{portal.house.facility_id}/days"):
        answer = portal.get(path, NOBODY)
        assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/login")


def test_every_answer_carries_the_headers_that_protect(portal: Portal) -> None:
    for path in ("/start", "/login", "/nowhere", "/static/portal.css", f"/facilities/{portal.house.facility_id}/days"):
        answer = portal.get(path)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == ("no-store" if "static" not in path else "public, no-cache")


def test_a_form_from_elsewhere_is_refused(portal: Portal) -> None:
    path = f"{portal.base}/alerts/00000000-0000-4000-8000-000000000000/acknowledge"
    cookies = {COOKIE: portal.token}
    elsewhere = httpx.post(path, cookies=cookies, headers={"Origin": "https://evil.example"})
    without_token = httpx.post(path, cookies=cookies)
    assert (elsewhere.status_code, without_token.status_code) == (403, 403)


def test_a_log_in_never_leads_to_another_site(portal: Portal) -> None:
    for target in ("https://evil.example", "//evil.example", "/\\evil.example"):
        assert "evil" not in portal.get(f"/login?link=x&next={target}").text


def test_the_charts_data_fits_its_budget(portal: Portal) -> None:
    assert len(portal.get(f"/facilities/{portal.house.facility_id}/days").content) <= 60_000
    assert len(portal.get(f"/facilities/{portal.house.facility_id}").content) <= 80_000


def test_the_facility_page_over_a_year_is_quick(portal: Portal) -> None:
    with httpx.Client(base_url=portal.base, cookies={COOKIE: portal.token}) as client:
        seconds = []
        for _ in range(40):
            began = time.perf_counter()
            assert client.get(f"/facilities/{portal.house.facility_id}").status_code == 200
            seconds.append(time.perf_counter() - began)
    # The quickest, since a machine that is busy elsewhere says nothing about the page; the bench takes the 99th.
    assert min(seconds) < 0.1, f"at best {min(seconds):.3f} s"
