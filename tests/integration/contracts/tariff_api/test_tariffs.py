"""What everybody may see: the operator, and the tariffs that count today or are decided for days to come."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local.folder import ROOT
from deploy.local.services import SELLER
from tests.integration.contracts.tariff_api.draft import answered, refused
from tests.integration.contracts.tariff_api.lists import PriceLists, tariff, today

BAS_2022 = json.loads((ROOT / "services/contracts/price_lists/bas-2022.json").read_text())
YEAR = today().year


def test_the_operator_its_time_zone_and_the_drafts_version_are_told(public: httpx.Client) -> None:
    info = answered(public.get("/info"), "InfoResponse")
    assert (info["operator"], info["timeZone"]) == (SELLER["KULVERT_SELLER_NAME"], "Europe/Stockholm")
    assert (info["name"], info["apiVersion"]) == ("District Heating Tariff API", "0.1.0")


def test_the_implementation_has_the_version_of_the_product(public: httpx.Client) -> None:
    version = f'version = "{public.get("/info").json()["implementationVersion"]}"'
    assert version in (ROOT / "pyproject.toml").read_text().splitlines()


def test_a_price_list_that_is_put_is_given_at_once_and_told_of_as_a_change(
    public: httpx.Client, lists: PriceLists
) -> None:
    began = datetime.now(UTC).replace(microsecond=0)
    lists.put(*lists.banded(YEAR))
    all_given = answered(public.get("/tariffs"), "TariffsResponse")
    assert [one["product"] for one in all_given["tariffs"] if one["product"].startswith(lists.product)] == [
        f"{lists.product}.0-100",
        f"{lists.product}.100-250",
        f"{lists.product}.250-",
    ]
    changed = datetime.fromisoformat(public.get("/info").json()["tariffDataLastUpdated"])
    assert began <= changed <= datetime.now(UTC)


def test_prices_are_numbers_with_the_digits_that_were_decided(public: httpx.Client, lists: PriceLists) -> None:
    lists.put(tariff(lists.product, YEAR))
    (given,) = lists.given()
    whole = answered(public.get(f"/tariffs/{given['id']}"), "TariffResponse")["tariff"]
    power, returns = whole["powerPrice"]["components"][0], whole["efficiencyPrice"]["components"][0]
    assert (power["price"]["priceExVat"], power["price"]["priceIncVat"]) == (Decimal("1185"), Decimal("1481.25"))
    assert (returns["price"]["priceExVat"], returns["price"]["priceIncVat"]) == (Decimal("7"), Decimal("8.75"))


def test_times_have_an_offset_and_no_fractions(lists: PriceLists) -> None:
    lists.put(tariff(lists.product, YEAR))
    assert lists.given()[0]["published"] == f"{YEAR - 1}-10-15T08:30:15+02:00"


def test_whose_a_price_list_is_stays_as_it_says_and_is_the_operators_where_it_does_not_say(
    api: httpx.Client, lists: PriceLists
) -> None:
    lists.put(tariff(lists.product, YEAR))
    (named,) = lists.given()
    assert (named["companyName"], named["companyOrgNo"]) == ("Exempel Fjärrvärme AB", "556000-1111")
    name = f"Kort {uuid4().hex[:8].translate(str.maketrans('0123456789', 'ghijklmnop'))}"
    api.put(f"/v1/price-lists/{lists.price_list_id}s", json=BAS_2022 | {"name": name})
    short = [one for one in api.get("/tariff-api/tariffs").json()["tariffs"] if one["name"] == name]
    operator = (SELLER["KULVERT_SELLER_NAME"], SELLER["KULVERT_SELLER_ORGANISATION_NUMBER"])
    assert {(one["companyName"], one["companyOrgNo"]) for one in short} == {operator}
    assert len(short) == 6


@pytest.mark.parametrize("status", ["draft", "forecast", "cap"])
def test_what_is_not_decided_is_given_neither_in_the_list_nor_by_id(
    public: httpx.Client, lists: PriceLists, status: str
) -> None:
    own = str(uuid4())
    lists.put(tariff(lists.product, YEAR, id=own), status=status)
    assert lists.given() == []
    refused(public.get(f"/tariffs/{own}"), 404)


def test_a_year_that_is_over_is_found_by_id_alone_and_one_to_come_is_given(
    public: httpx.Client, lists: PriceLists
) -> None:
    ids = {year: str(uuid4()) for year in (YEAR - 1, YEAR, YEAR + 1)}
    for year, own in ids.items():
        lists.put(tariff(lists.product, year, id=own))
    assert [one["id"] for one in lists.given()] == [ids[YEAR], ids[YEAR + 1]]
    over = answered(public.get(f"/tariffs/{ids[YEAR - 1]}"), "TariffResponse")["tariff"]
    assert over["validPeriod"]["toExcluding"] == f"{YEAR}-01-01"


def test_each_version_has_an_id_of_its_own_and_what_is_replaced_stays_to_be_found(
    public: httpx.Client, lists: PriceLists
) -> None:
    own = str(uuid4())
    first, mended = tariff(lists.product, YEAR, id=own), tariff(lists.product, YEAR, id=own)
    mended["energyPrice"]["components"][0]["price"] = {"priceExVat": 541, "priceIncVat": 676.25, "currency": "SEK"}
    lists.put(first)
    lists.put(mended)
    (given,) = lists.given()
    assert given["id"] != own
    before = public.get(f"/tariffs/{own}").json()["tariff"]
    after = public.get(f"/tariffs/{given['id']}").json()["tariff"]
    energy = [one["energyPrice"]["components"][0] for one in (before, after)]
    assert [one["price"]["priceExVat"] for one in energy] == [531, 541]
    assert energy[0]["id"] != energy[1]["id"]


def test_a_tariff_ends_where_the_next_begins_and_nothing_in_it_reaches_further(lists: PriceLists) -> None:
    begins, ends = f"{YEAR + 1}-06-15", f"{YEAR + 2}-01-01"
    lists.put(tariff(lists.product, YEAR + 1))
    later = tariff(lists.product, YEAR + 1, validPeriod={"fromIncluding": begins, "toExcluding": ends})
    for group in ("fixedPrice", "energyPrice", "powerPrice", "efficiencyPrice"):
        later[group]["components"] = [_from(begins, one) for one in later[group]["components"] if _ends(one) > begins]
    lists.put(later)
    first, second = lists.given()
    assert (_ends(first), second["validPeriod"]["fromIncluding"]) == (begins, begins)
    assert max(_ends(one) for one in first["energyPrice"]["components"]) == begins
    assert [_ends(one) for one in first["efficiencyPrice"]["components"]] == [f"{YEAR + 1}-05-01"]


def _ends(one: dict[str, Any]) -> str:
    return str(one["validPeriod"]["toExcluding"])


def _from(day: str, component: dict[str, Any]) -> dict[str, Any]:
    period = component["validPeriod"]
    return component | {"validPeriod": {**period, "fromIncluding": max(day, period["fromIncluding"])}}


def test_a_price_list_that_is_withdrawn_is_given_up_to_that_day(
    api: httpx.Client, public: httpx.Client, lists: PriceLists
) -> None:
    for year in (YEAR, YEAR + 1):
        lists.put(tariff(lists.product, year))
    other = PriceLists(api)
    other.put(tariff(other.product, YEAR + 1))
    gone = date(YEAR + 1, 7, 1)
    asked = {"withdrawn_on": gone.isoformat(), "replaced_by": [other.price_list_id], "who": "a.ek", "cause": "Ny lista"}
    began = datetime.now(UTC).replace(microsecond=0)
    put = api.put(f"/v1/price-lists/{lists.price_list_id}/withdrawal", json=asked)
    assert put.status_code == 201, put.text
    assert [one["validPeriod"]["toExcluding"] for one in lists.given()] == [f"{YEAR + 1}-01-01", gone.isoformat()]
    assert datetime.fromisoformat(public.get("/info").json()["tariffDataLastUpdated"]) >= began
    last_day = f"{gone - timedelta(days=1)}T00:00:00+02:00"
    answer = public.get("/prices", params={"product": lists.product, "fromIncluding": last_day})
    assert [one["end"] for one in answer.json()["actual"]] == [f"{gone}T00:00:00+02:00"]


def test_what_is_a_customers_own_is_not_public(public: httpx.Client, lists: PriceLists) -> None:
    own = tariff(lists.product, YEAR, id=str(uuid4()))
    own["fixedPrice"]["components"][0]["type"] = "specific"
    lists.put(own)
    assert lists.given() == []
    refused(public.get(f"/tariffs/{own['id']}"), 404)
    refused(public.get("/prices", params={"product": lists.product}), 404)


@pytest.mark.parametrize(
    "path", ["/tariffs/search", "/tariffs/1", "/tariffs/%7B6f9619ff-8b86-d011-b42d-00c04fc964ff%7D"]
)
def test_what_is_no_uuid_is_a_bad_request(public: httpx.Client, path: str) -> None:
    assert "UUID" in refused(public.get(path), 400)


def test_an_unknown_id_is_not_found(public: httpx.Client) -> None:
    refused(public.get(f"/tariffs/{uuid4()}"), 404)


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/tariffs/", "/v1/price-lists", "/%2e%2e/v1/price-lists"])
def test_an_unknown_path_is_not_found_in_the_drafts_words(public: httpx.Client, path: str) -> None:
    refused(httpx.Client().send(httpx.Request("GET", f"{str(public.base_url).rstrip('/')}{path}")), 404)


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/tariffs"), ("POST", "/info"), ("DELETE", "/prices"), ("HEAD", "/info")]
)
def test_another_method_is_refused_with_the_one_that_is_allowed(public: httpx.Client, method: str, path: str) -> None:
    answer = public.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
