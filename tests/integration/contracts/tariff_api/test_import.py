"""`kulvert tariffs import` reads another utility's server, makes drafts of it, and says what it does not understand."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local.stack import Stack
from services.cli import tariff_servers
from tests.integration.contracts.tariff_api.lists import PriceLists, today
from tests.integration.contracts.tariff_api.other_server import (
    BUSINESS,
    INFO,
    PRIVATE,
    Answer,
    answer,
    business,
    private,
    sample,
    serving,
)
from tests.integration.kulvert_command import Kulvert

Serve = Callable[..., str]


@pytest.fixture
def kulvert(stack: Stack, tmp_path: Path) -> Kulvert:
    return Kulvert(stack, tmp_path)


@pytest.fixture
def other() -> Iterator[Serve]:
    """Start another utility's server with those tariffs, or with an answer of another kind."""
    with ExitStack() as servers:

        def serve(tariffs: Any = None, whole: Answer | None = None, info: Any = INFO) -> str:
            given = whole or answer(sample() if tariffs is None else tariffs)
            return servers.enter_context(serving({"/api/info": answer(info), "/api/tariffs": given})) + "/api"

        yield serve


@pytest.fixture
def name() -> str:
    return f"i{uuid4().hex[:10]}"


def versions(api: httpx.Client, name: str) -> list[dict[str, Any]]:
    return list(api.get(f"/v1/price-lists/{name}").json()["versions"])


def refusal(kulvert: Kulvert, *arguments: object) -> str:
    done = kulvert.run("tariffs", "import", *arguments)
    assert done.returncode == 1
    return " ".join(done.stderr.split())


def test_what_a_server_gives_is_shown_and_nothing_is_put(kulvert: Kulvert, api: httpx.Client, other: Serve) -> None:
    before = api.get("/v1/price-lists").json()
    shown = kulvert.does("tariffs", "import", other())
    assert "Exempel Fjärrvärme AB" in shown
    for part in (BUSINESS, PRIVATE, "2026-01-01", "2027-01-01", "fixed, energy, power, efficiency", "fixed, energy"):
        assert part in shown
    assert api.get("/v1/price-lists").json() == before


def test_the_drafts_own_sample_becomes_a_draft_that_lacks_the_months_it_lacks(
    kulvert: Kulvert, api: httpx.Client, other: Serve, name: str
) -> None:
    told = kulvert.does("tariffs", "import", f"{other()}/tariffs", "--product", BUSINESS, "--as", name)
    assert f"{name}, draft from 2026-01-01 up to 2027-01-01, 1 band(s): created, version 1" in told
    (put,) = versions(api, name)
    extension = put["extension"]
    assert (extension["status"], extension["powerMethod"], extension["name"]) == (
        "draft",
        "goteborg",
        "Företag 0-100 kW",
    )
    (tariff,) = put["tariffs"]
    energy = {one["reference"]: Decimal(one["price"]["priceExVat"]) for one in tariff["energyPrice"]["components"]}
    assert energy == {"high_season_jan_feb": 531, "low_season_jul": 46, "high_season_dec": 531}
    assert Decimal(tariff["powerPrice"]["components"][0]["price"]["priceIncVat"]) == Decimal("1481.25")
    assert tariff["id"] == business()["id"]


def test_a_price_by_the_kwh_keeps_every_digit(kulvert: Kulvert, api: httpx.Client, other: Serve, name: str) -> None:
    kulvert.does("tariffs", "import", other(), "--product", PRIVATE, "--as", name, "--name", "Äga")
    (put,) = versions(api, name)
    prices = [one["price"]["priceExVat"] for one in put["tariffs"][0]["energyPrice"]["components"]]
    assert prices == ["0.752", "0.288", "0.104", "0.288", "0.752"]
    assert (put["extension"]["name"], put["extension"]["powerMethod"]) == ("Äga", None)


def test_the_same_again_changes_nothing(kulvert: Kulvert, api: httpx.Client, other: Serve, name: str) -> None:
    asked = ("tariffs", "import", other(), "--product", PRIVATE, "--as", name)
    kulvert.does(*asked)
    assert "unchanged, version 1" in kulvert.does(*asked)


def test_a_dry_run_says_what_would_be_put_and_puts_nothing(
    kulvert: Kulvert, api: httpx.Client, other: Serve, name: str
) -> None:
    told = kulvert.does("tariffs", "import", other(), "--product", PRIVATE, "--as", name, "--dry-run")
    assert f"would be put: {name}, draft from 2026-01-01" in told
    assert api.get(f"/v1/price-lists/{name}").status_code == 404


def test_a_dry_run_says_what_would_be_refused(kulvert: Kulvert, other: Serve, name: str) -> None:
    wrong = private()
    wrong["fixedPrice"]["components"][0]["price"]["priceIncVat"] = 375
    said = refusal(kulvert, other(sample(wrong)), "--as", name, "--dry-run")
    assert "tariffs[0].fixedPrice.components[0].price.priceIncVat" in said


def test_years_become_versions_of_one_price_list(kulvert: Kulvert, api: httpx.Client, other: Serve, name: str) -> None:
    before = private() | {
        "id": str(uuid4()),
        "validPeriod": {"fromIncluding": "2025-01-01", "toExcluding": "2026-01-01"},
    }
    for group in ("fixedPrice", "energyPrice"):
        before[group]["components"] = [
            one
            | {
                "validPeriod": {
                    end: day.replace("2026", "2025").replace("2027", "2026") for end, day in one["validPeriod"].items()
                }
            }
            for one in before[group]["components"]
        ]
    kulvert.does("tariffs", "import", other(sample(private(), before)), "--as", name)
    begins = [one["tariffs"][0]["validPeriod"]["fromIncluding"] for one in versions(api, name)]
    assert begins == ["2025-01-01", "2026-01-01"]


def test_products_belong_together_only_where_that_is_said(
    kulvert: Kulvert, api: httpx.Client, other: Serve, name: str
) -> None:
    address = other()
    assert "choose one by --product" in refusal(kulvert, address, "--as", name)
    bands = ("--band", f"{BUSINESS}=0-100", "--band", f"{PRIVATE}=100-")
    kulvert.does("tariffs", "import", address, "--as", name, *bands)
    (put,) = versions(api, name)
    assert [(one["product"], one["fromKw"], one["toKw"]) for one in put["extension"]["bands"]] == [
        (BUSINESS, "0", "100"),
        (PRIVATE, "100", None),
    ]


def test_what_our_own_server_gives_is_what_was_put(
    kulvert: Kulvert, api: httpx.Client, lists: PriceLists, name: str
) -> None:
    lists.put(*lists.banded(today().year))
    named = ("0-100", "100-250", "250-")
    bands = [part for one in named for part in ("--band", f"{lists.product}.{one}={one}")]
    kulvert.does("tariffs", "import", f"{api.base_url}/tariff-api", "--as", name, *bands)
    ours, theirs = versions(api, lists.price_list_id)[0], versions(api, name)[0]
    assert theirs["extension"]["status"] == "draft"
    assert [_rates(one) for one in theirs["tariffs"]] == [_rates(one) for one in ours["tariffs"]]
    assert theirs["extension"]["bands"] == ours["extension"]["bands"]


def _rates(tariff: dict[str, Any]) -> list[tuple[str, str, str, Decimal]]:
    return [
        (group, one["reference"], one["validPeriod"]["fromIncluding"], Decimal(one["price"]["priceExVat"]))
        for group in ("fixedPrice", "energyPrice", "powerPrice", "efficiencyPrice")
        for one in tariff[group]["components"]
    ]


def changed(path: str, value: Any) -> dict[str, Any]:
    """The business tariff with one field changed."""
    tariff = business()
    place: Any = tariff
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in way:
        place = place[part]
    place[last] = value
    return tariff


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("energyPrice.components.0.type", "prefixed", "energyPrice.components.0.type: write"),
        ("energyPrice.costFunction", "sum(power(c)*price(c))", "energyPrice.costFunction: write"),
        ("published", "2026-01-01T00:00:00", "published: write the time as in"),
        ("validPeriod", "2026-01-01/2027-01-01", "validPeriod: write an object"),
        ("companyOrgNo", "12", "companyOrgNo: write an organisation number"),
        ("fixedPrice.components.0.recurringPeriods", [{}], "there is no such field"),
        ("product", None, "product: it must be given"),
        ("discount", 5, "discount: there is no such field"),
    ],
)
def test_what_is_not_understood_is_named_and_never_put(
    kulvert: Kulvert, api: httpx.Client, other: Serve, name: str, path: str, value: Any, told: str
) -> None:
    address = other(sample(changed(path, value)))
    shown = kulvert.run("tariffs", "import", address)
    assert (shown.returncode, told in " ".join(shown.stderr.split())) == (0, True)
    assert told in refusal(kulvert, address, "--as", name)
    assert api.get(f"/v1/price-lists/{name}").status_code == 404


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("description", None),
        ("companyOrgNo", "1234567890"),
        ("companyOrgNo", "SE1234567890"),
        ("powerPrice.costFunction", "sum( peak(c) * price(c) )"),
        ("powerPrice.components.0.recurringPeriods", None),
        ("fixedPrice.components.0.recurringPeriods", []),
        ("efficiencyPrice.components.0.description", None),
    ],
)
def test_what_the_draft_leaves_open_is_read(kulvert: Kulvert, other: Serve, name: str, path: str, value: Any) -> None:
    kulvert.does("tariffs", "import", other(sample(changed(path, value))), "--as", name, "--dry-run")


def test_a_way_of_measuring_power_that_is_not_recognised_must_be_said(
    kulvert: Kulvert, api: httpx.Client, other: Serve, name: str
) -> None:
    hourly = changed("powerPrice.components.0.peakIdentificationSettings.peakDuration", "PT1H")
    address = other(sample(hourly))
    assert "say it by --power-method" in refusal(kulvert, address, "--as", name)
    kulvert.does("tariffs", "import", address, "--as", name, "--power-method", "minus_five")
    assert versions(api, name)[0]["extension"]["powerMethod"] == "minus_five"


def test_days_that_nothing_says_are_refused_and_those_that_are_said_come_along(
    kulvert: Kulvert, api: httpx.Client, other: Serve, name: str
) -> None:
    hours = {"fromIncluding": "07:00:00", "toExcluding": "20:00:00"}
    active = [hours | {"calendarPatternReferences": {"include": ["weekdays"]}}]
    period = {"reference": "main", "frequency": "P1D", "activePeriods": active}
    tariff = changed("energyPrice.components.0.recurringPeriods", [period])
    assert "weekdays" in refusal(kulvert, other(sample(tariff)), "--as", name)
    weekdays = {"reference": "weekdays", "frequency": "P1W", "days": [1, 2, 3, 4, 5]}
    unused = {"reference": "holidays", "frequency": "P1Y", "dates": ["2026-12-25"]}
    kulvert.does("tariffs", "import", other(sample(tariff, calendarPatterns=[weekdays, unused])), "--as", name)
    assert [one["reference"] for one in versions(api, name)[0]["calendarPatterns"]] == ["weekdays"]


def test_a_product_that_is_not_there_is_named(kulvert: Kulvert, other: Serve, name: str) -> None:
    assert "there is no product 'gas' there" in refusal(kulvert, other(), "--product", "gas", "--as", name)


@pytest.mark.parametrize(
    ("whole", "told"),
    [
        ((200, "text/html", b"<html>Hello"), "does not answer with JSON"),
        ((200, "application/json", b'{"tariffs": NaN}'), "does not answer with JSON"),
        ((200, "application/json", b"[" * 100_000), "does not answer with JSON"),
        ((200, "application/json", b"\xff\xfe"), "does not answer with JSON"),
        ((200, "application/json", b"[]"), "does not answer with an object"),
        ((200, "application/json", b"{}"), "has no list of tariffs"),
        ((200, "application/json", b'{"tariffs": [], "calendarPatterns": [{}]}'), "calendarPatterns cannot be read"),
        ((500, "text/plain", b"Internal Server Error"), "answers 500"),
        (answer({"status": 501, "title": "Not Implemented", "detail": "Not yet"}, 501), "answers 501: Not yet"),
        ((302, "text/plain", b""), "answers 302"),
    ],
)
def test_a_server_that_answers_otherwise_is_told_of_in_a_sentence(
    kulvert: Kulvert, other: Serve, whole: Answer, told: str
) -> None:
    assert told in refusal(kulvert, other(whole=whole))


def test_a_server_that_is_not_there_is_told_of(kulvert: Kulvert) -> None:
    assert "/info does not answer: ConnectError" in refusal(kulvert, "http://127.0.0.1:9/api")


def test_an_answer_without_end_is_given_up(kulvert: Kulvert, other: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tariff_servers, "MOST_BYTES", 10_000)
    assert "more than" in refusal(kulvert, other(whole=(200, "application/json", b" " * 20_000)))
    monkeypatch.setattr(tariff_servers, "WHOLE_ANSWER_S", -1.0)
    assert "to answer; nothing was taken" in refusal(kulvert, other())


def test_another_version_of_the_draft_is_told_of(kulvert: Kulvert, other: Serve) -> None:
    done = kulvert.run("tariffs", "import", other(info=INFO | {"apiVersion": "1.0.0"}))
    assert done.returncode == 0
    assert "it says that it follows version 1.0.0" in done.stderr


def test_a_server_that_wants_a_token_is_given_the_one_that_is_said(
    kulvert: Kulvert, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving({"/info": answer(INFO), "/tariffs": answer(sample())}, "s3cret") as address:
        assert "wants a token; give it by --token" in refusal(kulvert, address)
        assert "wants a token" in refusal(kulvert, address, "--token", "another")
        assert BUSINESS in kulvert.does("tariffs", "import", address, "--token", "s3cret")
        monkeypatch.setitem(kulvert.environment, "KULVERT_TARIFFS_TOKEN", "s3cret")
        assert BUSINESS in kulvert.does("tariffs", "import", address)


def test_anothers_words_do_not_move_the_cursor(kulvert: Kulvert, other: Serve) -> None:
    shown = kulvert.run(
        "tariffs", "import", other(sample(changed("name", "Bas\x1b[2J")), info=INFO | {"operator": "\x1b]0;x"})
    )
    assert "\x1b" not in shown.stdout + shown.stderr
    assert "Bas" in shown.stdout


def test_a_server_without_tariffs_is_told_of(kulvert: Kulvert, other: Serve, name: str) -> None:
    empty = other({"tariffs": [], "calendarPatterns": []})
    assert "it gives no tariffs" in kulvert.does("tariffs", "import", empty)
    assert "there are no tariffs there" in refusal(kulvert, empty, "--as", name)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("ftp://x/api",), "write the API's address"),
        (("nowhere",), "write the API's address"),
        (("http://x/api?key=1",), "write the API's address"),
        (("http://x/api", "--as", "a b"), "write 1 to 40 letters"),
        (("http://x/api", "--band", "x"), "write a product and its kW"),
        (("http://x/api", "--band", "x=5-a"), "write a product and its kW"),
        (("http://x/api", "--power-method", "guess"), "write minus_five or"),
    ],
)
def test_what_is_typed_wrong_is_told_with_what_to_write(
    kulvert: Kulvert, arguments: tuple[str, ...], told: str
) -> None:
    done = kulvert.run("tariffs", "import", *arguments)
    assert done.returncode == 2
    assert told in " ".join(done.stderr.replace("│", " ").split())


def test_a_program_is_let_in_and_kept_out_by_commands(kulvert: Kulvert, public: httpx.Client, name: str) -> None:
    def status(secret: str) -> int:
        headers = {"Authorization": f"Bearer {secret}"}
        return public.post("/tariffs/search", json={"facilityIds": []}, headers=headers).status_code

    first = kulvert.does("tariffs", "add-client", name, "--name", "Energikollen AB").split()[-1]
    assert "unchanged" in kulvert.does("tariffs", "add-client", name, "--name", "Energikollen AB")
    assert name in kulvert.does("tariffs", "clients")
    second = kulvert.does("tariffs", "new-secret", name).split()[-1]
    assert [status(first), status(second)] == [401, 200]
    kulvert.does("tariffs", "remove-client", name)
    assert status(second) == 401
    unknown = kulvert.run("tariffs", "add-client", name, "--name", "X", "--facility", "nowhere")
    assert "there is no facility 'nowhere'" in unknown.stderr
