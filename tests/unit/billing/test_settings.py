"""Who sells stands on every invoice, so billing does not begin before it has been said."""

import os
import subprocess
import sys

import pytest
from pydantic import ValidationError

from deploy.local.folder import ROOT
from services.billing.settings import BillingSettings

EVERY_SERVICES = {"KULVERT_DATABASE_URL": "postgresql://nowhere", "KULVERT_KAFKA_BOOTSTRAP": "nowhere:9092"}
STATED = EVERY_SERVICES | {
    "KULVERT_SELLER_NAME": "Norrby Värme AB",
    "KULVERT_SELLER_ADDRESS": "Pannvägen 2, 123 45 Norrby",
    "KULVERT_SELLER_ORGANISATION_NUMBER": "556036-0793",
    "KULVERT_SELLER_VAT_NUMBER": "SE556036079301",
    "KULVERT_SELLER_BANKGIRO": "5050-1055",
    "KULVERT_SELLER_CONTACT": "0123-456 78",
}
SELLER = sorted(STATED.keys() - EVERY_SERVICES.keys())


@pytest.fixture
def stated(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in STATED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_who_sells_is_taken_as_it_is_stated(stated: pytest.MonkeyPatch) -> None:
    settings = BillingSettings()
    assert (settings.seller_name, settings.seller_bankgiro) == ("Norrby Värme AB", "5050-1055")


@pytest.mark.parametrize("missing", SELLER)
@pytest.mark.parametrize("value", [None, "", " "])
def test_what_is_not_said_of_who_sells_is_named(stated: pytest.MonkeyPatch, missing: str, value: str | None) -> None:
    if value is None:
        stated.delenv(missing)
    else:
        stated.setenv(missing, value)
    with pytest.raises(ValidationError) as refused:
        BillingSettings()
    assert [error["loc"] for error in refused.value.errors()] == [(missing.removeprefix("KULVERT_").lower(),)]


def test_the_service_ends_at_the_start_and_names_what_is_missing() -> None:
    environment = {name: value for name, value in (os.environ | STATED).items() if name != "KULVERT_SELLER_BANKGIRO"}
    command = [sys.executable, "-m", "services.billing"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    told = ended.stdout + ended.stderr
    assert "seller_bankgiro" in told
    # What the other settings are is nobody's to read in a log: keys and passwords stand among them.
    assert not [value for value in STATED.values() if value in told]
