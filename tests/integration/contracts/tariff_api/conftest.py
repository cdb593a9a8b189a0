"""The contracts service, for all tests of its tariff interface."""

from collections.abc import Iterator

import httpx
import pytest

from deploy.local.stack import Stack
from tests.integration.contracts.tariff_api.lists import PriceLists
from tests.integration.contracts_house import serving


@pytest.fixture(scope="package")
def api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(stack, tmp_path_factory.mktemp("tariffs") / "contracts.log") as client:
        yield client


@pytest.fixture(scope="package")
def public(api: httpx.Client) -> Iterator[httpx.Client]:
    """Whoever asks without any key."""
    with httpx.Client(base_url=f"{api.base_url}/tariff-api") as client:
        yield client


@pytest.fixture
def lists(api: httpx.Client) -> PriceLists:
    return PriceLists(api)
