"""Contracts whose months are billed by their own peaks, on a real PostgreSQL and Kafka."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import httpx
import psycopg
import pypdf
import pytest

from deploy.local.services import BILLING
from deploy.local.stack import Stack
from tests.integration.billing_street import BAS_2018, BEGAN, House, Street, power
from tests.integration.test_billing import close, invoice
from tests.running import running

JANUARY, FEBRUARY = date(2015, 1, 1), date(2015, 2, 1)
BANDS = [
    {"from_kw": "0", "to_kw": "25", "fixed_per_year": "1200", "per_kw_year": "900"},
    {"from_kw": "25", "to_kw": None, "fixed_per_year": "2200", "per_kw_year": "860"},
]


@pytest.fixture(scope="module")
def api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running(stack, BILLING, tmp_path_factory.mktemp("billing") / "billing.log") as client:
        yield client


@pytest.fixture(scope="module")
def street(stack: Stack, api: httpx.Client) -> Street:
    """Billing runs, and knows a price list of each month's three highest days."""
    found = Street(stack, first_point=687_001)
    others = [one for one in BAS_2018["components"] if one["type"] != "powerPrice"]
    by_peaks = {"type": "powerPrice", "method": "month_highest_3_days", "bands": BANDS}
    found.price_list("peaks", valid_from=BEGAN, components=[*others, by_peaks])
    found.wait_for_price_list("peaks")
    return found


def measured_house(street: Street, peak_day: date = date(2015, 1, 10), **contract: Any) -> House:
    """2 kW all day, and on one day 8 kW, so that January's three highest are 4 kW."""
    house = street.house(price_list="peaks", **{"powers": (), **contract})
    street.days([house], date(2014, 12, 31), date(2015, 2, 28), wh=48_000)
    use(street, house, peak_day, 192_000)
    return house


def use(street: Street, house: House, day: date, wh: int) -> None:
    """Let another energy be used on a day; the registers stay, as where the hours of the day before were too high."""
    street.run(
        "UPDATE ingest.day SET energy_wh = %s, revision = revision + 1 WHERE point_id = %s AND day = %s",
        [wh, house.point_id, day],
    )


def test_a_month_is_billed_by_its_own_highest_days_and_needs_no_power_in_force(
    api: httpx.Client, street: Street
) -> None:
    house = measured_house(street)
    close(api, JANUARY)
    found = invoice(api, street, house, JANUARY)
    [line] = [one for one in found["lines"] if one["component"] == "power"]
    # (1,200 + 900 * 4) * 31 / 365.
    assert (Decimal(line["quantity"]), line["amount_ore"]) == (Decimal(4), 40_767)
    assert found["basis"]["parts"][0]["power"]["days"] == ["2015-01-10", "2015-01-30", "2015-01-31"]
    close(api, FEBRUARY)
    [of_february] = [one for one in invoice(api, street, house, FEBRUARY)["lines"] if one["component"] == "power"]
    assert Decimal(of_february["quantity"]) == 2
    text = printed(api, found["number"])
    assert "4 kW, uppmätt som medel av de tre högsta dygnsmedeleffekterna i månaden: den 10, 30 och 31 januari" in text


def printed(api: httpx.Client, number: str) -> str:
    pages = pypdf.PdfReader(BytesIO(api.get(f"/v1/invoices/{number}.pdf").content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).replace("\u00a0", " ").split())


def test_a_corrected_peak_makes_its_month_dirty_and_no_other(api: httpx.Client, street: Street) -> None:
    house = measured_house(street)
    for month in (JANUARY, FEBRUARY):
        close(api, month)
    use(street, house, date(2015, 1, 10), 96_000)
    street.tell_day(house, date(2015, 1, 10))
    street.wait_for_state(house, JANUARY, ("dirty", "peaks_changed"))
    assert street.state(house, FEBRUARY) == ("issued", None)


def test_a_peak_that_is_no_longer_measured_makes_its_month_dirty(api: httpx.Client, street: Street) -> None:
    house = measured_house(street)
    close(api, JANUARY)
    street.run(
        "UPDATE ingest.day SET hours_measured = 23 WHERE point_id = %s AND day = %s", [house.point_id, "2015-01-10"]
    )
    street.tell_day(house, date(2015, 1, 10))
    street.wait_for_state(house, JANUARY, ("dirty", "peaks_changed"))


def test_a_corrected_day_that_sets_no_peak_leaves_the_month_as_it_is(api: httpx.Client, street: Street) -> None:
    same, changed = measured_house(street), measured_house(street)
    close(api, JANUARY)
    use(street, same, date(2015, 1, 20), 24_000)
    street.tell_day(same, date(2015, 1, 20))
    use(street, changed, date(2015, 1, 20), 240_000)
    street.tell_day(changed, date(2015, 1, 20))
    street.wait_for_state(changed, JANUARY, ("dirty", "peaks_changed"))
    assert street.state(same, JANUARY) == ("issued", None)


def test_a_month_without_enough_measured_days_is_held_and_billed_once_they_are_there(
    api: httpx.Client, street: Street
) -> None:
    house, agreed = measured_house(street), measured_house(street, powers=(power(BEGAN, "9"), power(JANUARY, "12")))
    for one in (house, agreed):
        street.run(
            "UPDATE ingest.day SET hours_measured = 0 WHERE point_id = %s AND day >= '2015-01-10'",
            [one.point_id],
        )
    assert close(api, JANUARY)["held"]["peaks_not_measured"] == 1
    assert street.state(house, JANUARY) == ("held", "peaks_not_measured")
    [part] = invoice(api, street, agreed, JANUARY)["basis"]["parts"]
    assert (part["power"]["kw"], part["power"]["method"], part["power"]["days"]) == ("12", "entered", [])
    for one in (house, agreed):
        street.run("UPDATE ingest.day SET hours_measured = 24 WHERE point_id = %s", [one.point_id])
        street.tell_day(one, date(2015, 1, 10))
    street.wait_for_state(agreed, JANUARY, ("dirty", "peaks_changed"))
    close(api, JANUARY)
    assert street.state(house, JANUARY) == ("issued", None)


def test_what_an_invoice_rests_on_is_written_once(stack: Stack, street: Street) -> None:
    for statement in ("UPDATE billing.cited_peak SET centi_kw = 1", "DELETE FROM billing.cited_peak"):
        with psycopg.connect(stack.dsn("billing")) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())
