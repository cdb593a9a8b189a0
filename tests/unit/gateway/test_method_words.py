"""Every way of measuring power that a price list can name is said in words."""

import pytest

from schemas.price_list_terms import PowerMethod
from services.gateway.portal.words import WORDS


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_method_of_measuring_power_has_words(language: str) -> None:
    assert [method for method in PowerMethod if method.value not in WORDS[language]] == []
