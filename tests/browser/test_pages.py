"""What the start page and the facility page tell at first sight, in a real browser."""

import re
from datetime import timedelta

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, expect
from psycopg.types.json import Json

from tests.browser.conftest import COOKIE, Portal, Visit

PHONE = {"viewport": {"width": 360, "height": 800}}


def facility(portal: Portal) -> str:
    return f"{portal.base}/facilities/{portal.house.facility_id}"


def figures(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_a_power_that_counts_later_is_not_shown_as_the_one_in_force(portal: Portal, visit: Visit) -> None:
    page, _ = visit()
    page.goto(facility(portal))
    tile = figures(page.locator("dl.figures div").nth(3).inner_text())
    assert "60 kW" in tile
    assert f"56 kW från {portal.house.last + timedelta(days=3)}" in tile


def test_an_open_alert_stays_on_the_pages_however_many_have_closed_since(portal: Portal, visit: Visit) -> None:
    page, _ = visit()
    page.goto(facility(portal))
    assert page.get_by_role("button", name="Kvittera: Returtemperatur").is_visible()
    page.goto(f"{portal.base}/start")
    assert page.get_by_role("row", name="Kv. Lunden 3").first.inner_text().count("Larm") == 1
    assert page.get_by_role("rowheader", name="Returtemperatur").is_visible()


def test_what_can_be_done_about_an_alert_is_within_reach_on_a_phone(portal: Portal, visit: Visit) -> None:
    page, _ = visit(**PHONE)
    page.goto(facility(portal))
    box = page.get_by_role("button", name="Kvittera: Returtemperatur").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 360 - 16


def test_a_measured_power_is_explained_drawn_and_read_out(portal: Portal, visit: Visit) -> None:
    page, faults = visit()
    page.goto(facility(portal))
    page.wait_for_selector("figure[data-kind=power][data-ready]")
    assert "56,40 kW vid −5 °C mot 60 kW i kraft, −6,0 %" in figures(page.inner_text("main"))
    page.focus("figure[data-kind=power]")
    page.keyboard.press("End")
    assert "Utetemperatur: 4,5 °C" in figures(page.inner_text("figure[data-kind=power] figcaption"))
    drawn = figures(page.text_content("figure[data-kind=power] svg") or "")
    assert "Dygnets medeltemperatur, °C" in drawn
    assert "Uppmätt effekt vid −5 °C" in drawn
    assert faults == []


HIGHEST_DAYS = [(-12.5, 24.1), (-14.0, 26.3), (-3.5, 22.8)]


def test_a_power_by_the_highest_days_names_no_temperature_and_is_drawn_across(portal: Portal, visit: Visit) -> None:
    house = portal.silent
    points = [
        {"day": f"2026-01-{day:02}", "mean_c": mean_c, "kw": kw} for day, (mean_c, kw) in enumerate(HIGHEST_DAYS, 5)
    ]
    with psycopg.connect(portal.stack.admin_dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO contracts.determination (determination_id, point_id, contract_id, winter, method, window_from,"
            " window_to, days, points, coverage, measured_kw, in_force_kw, decision, effective_on, input_revision,"
            " input_sha256)"
            " VALUES (gen_random_uuid(), %s, %s, '2025/2026', 'goteborg', '2025-05-01', '2026-04-30', 365, %s, 0.98,"
            "         24.4, 60, 'changed', '2026-06-01', 1, '')",
            [house.point_id, house.contract_id, Json(points)],
        )
    page, faults = visit()
    page.goto(f"{portal.base}/facilities/{house.facility_id}")
    page.wait_for_selector("figure[data-kind=power][data-ready]")
    shown = figures(page.inner_text("main"))
    assert "Vintern 2025/2026: 24,40 kW mot 60 kW i kraft, −59,3 %" in shown
    assert "av vars dygn 98 % är uppmätta. Effekten vilar på dem som visas." in shown
    drawn = figures(page.text_content("figure[data-kind=power] svg") or "")
    assert [words for words in ("Dygnets medeleffekt, kW", "Uppmätt effekt", "24,4 kW") if words not in drawn] == []
    assert page.locator("text=vid −5").count() == 0
    assert faults == []


@pytest.mark.parametrize(("days", "axes"), [(365, ["Energi per dygn, kWh", "Effekt, kW"]), (1, ["medeleffekt, kW"])])
def test_the_axes_say_what_they_measure_and_in_which_unit(
    portal: Portal, visit: Visit, days: int, axes: list[str]
) -> None:
    page, faults = visit()
    last = portal.house.last
    page.goto(f"{facility(portal)}?from={last - timedelta(days=days - 1)}&to={last}")
    page.wait_for_selector("figure[data-kind=energy][data-ready]")
    drawn = page.text_content("figure[data-kind=energy] svg") or ""
    assert [axis for axis in axes if axis not in drawn] == []
    assert faults == []


def test_the_start_page_sums_the_heat_of_all_facilities(portal: Portal, visit: Visit) -> None:
    page, faults = visit()
    page.goto(f"{portal.base}/start")
    page.wait_for_selector("figure[data-ready]")
    watt_hours = portal.value(
        "SELECT sum(energy_wh)::bigint FROM ingest.day WHERE point_id = ANY(%s) AND day > %s - 31 AND day <= %s",
        [portal.house.point_id, portal.silent.point_id],
        portal.house.last,
        portal.house.last,
    )
    assert f"{watt_hours / 1e6:.1f}".replace(".", ",") in page.inner_text(".figure")
    assert faults == []


def test_a_period_without_figures_says_so_and_leads_to_one_that_has_some(portal: Portal, visit: Visit) -> None:
    page, faults = visit()
    page.goto(f"{facility(portal)}?from=2015-01-01&to=2015-01-31")
    assert page.get_by_text("Inga mätvärden i perioden.").is_visible()
    page.get_by_role("link", name=f"Data till och med {portal.house.last}").click()
    page.wait_for_selector("figure[data-ready]")
    assert faults == []


def test_there_is_nothing_later_than_the_newest_day(portal: Portal, visit: Visit) -> None:
    page, _ = visit()
    page.goto(facility(portal))
    assert page.get_by_role("link", name="Senare").count() == 0
    page.get_by_role("link", name="Tidigare").click()
    page.wait_for_url("**from=**")
    expect(page.get_by_role("link", name="Senare")).to_have_count(1)


def test_an_acknowledged_alert_says_so(portal: Portal, browser: Browser) -> None:
    opened = browser.new_context()
    opened.add_cookies([{"name": COOKIE, "value": portal.others_token, "url": portal.base}])
    page = opened.new_page()
    page.goto(f"{portal.base}/facilities/{portal.others.facility_id}")
    page.get_by_role("button", name="Acknowledge: Return temperature").click()
    expect(page.get_by_role("row", name="Return temperature")).to_have_text(re.compile(r"acknowledged\s*$"))


def test_everybodys_alert_offers_its_button_to_full_access_only(portal: Portal) -> None:
    offered = f"/facilities/{portal.house.facility_id}"
    set_level = "UPDATE permissions.visible_period SET level = %s WHERE point_id = %s RETURNING level"
    for level, has_button in (("read", False), ("full", True)):
        assert portal.value(set_level, level, portal.house.point_id) == level
        assert ("/acknowledge" in portal.get(offered).text) is has_button


def test_a_visitor_who_has_not_logged_in_reads_the_browsers_language(portal: Portal) -> None:
    texts = {
        language: httpx.get(f"{portal.base}/login", headers={"Accept-Language": language}).text
        for language in ("sv-SE,sv;q=0.9", "en-GB,en;q=0.8", "de")
    }
    assert ["Logga in" in text for text in texts.values()] == [True, False, True]
    assert '<html lang="en">' in texts["en-GB,en;q=0.8"]


def test_the_page_that_was_asked_for_comes_after_the_log_in(portal: Portal) -> None:
    answer = portal.get(f"/facilities/{portal.house.facility_id}?from=2026-01-01&to=2026-01-31", "nobody")
    assert answer.headers["location"].endswith("%3Ffrom%3D2026-01-01%26to%3D2026-01-31")


def test_a_page_says_in_words_that_the_database_does_not_answer(portal: Portal) -> None:
    with psycopg.connect(portal.stack.admin_dsn, autocommit=True) as connection:
        connection.execute("ALTER ROLE gateway NOLOGIN")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gateway'")
        try:
            answers = [portal.get("/start") for _ in range(3)]
        finally:
            connection.execute("ALTER ROLE gateway LOGIN")
    assert {answer.status_code for answer in answers} == {503}
    assert all("försök igen om en stund" in answer.text for answer in answers)
    assert portal.get("/start").status_code == 200
