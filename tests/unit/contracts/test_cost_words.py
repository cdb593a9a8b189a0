"""What is answered of a cost has a word in both languages, the same on the page as on paper."""

from typing import Any

import pytest

from services.contracts.core.annual_estimate import Basis, Uncertainty
from services.contracts.core.cost_document_words import WORDS as ON_PAPER
from services.contracts.core.simulation import PowerBy
from services.gateway.portal.words import WORDS as ON_PAGES
from services.heat.tariff.table import Charge
from services.heat.tariff.words import COST_WORDS, name_beside


def shape(words: Any) -> Any:
    return {name: shape(one) for name, one in words.items()} if isinstance(words, dict) else None


def test_both_languages_have_the_same_words() -> None:
    assert shape(COST_WORDS["sv"]) == shape(COST_WORDS["en"])
    assert shape(ON_PAPER["sv"]) == shape(ON_PAPER["en"])


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize(
    ("kind", "values"), [("charge", Charge), ("basis", Basis), ("uncertainty", Uncertainty), ("power_by", PowerBy)]
)
def test_everything_that_is_answered_has_a_word(language: str, kind: str, values: Any) -> None:
    assert set(COST_WORDS[language][kind]) == {one.value for one in values}


@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_page_and_its_pdf_say_the_same_of_the_same(language: str) -> None:
    assert COST_WORDS[language].items() <= ON_PAPER[language].items()
    assert COST_WORDS[language].items() <= ON_PAGES[language].items()


@pytest.mark.parametrize(
    ("charge", "name", "beside"),
    [
        ("fixed", "Fast avgift", ""),
        ("fixed", "Fixed charge", ""),
        ("fixed", "Fast avgift, 15–30 MWh per år", "15–30 MWh per år"),
        ("fixed", "Mätaravgift", "Mätaravgift"),
        ("return_temperature", "Returtemperatur över 50 °C, högst 10 °C räknas", "över 50 °C, högst 10 °C räknas"),
        ("volume", "Flöde över nätets medel", "över nätets medel"),
        ("volume", "Flödespris", "Flödespris"),
        ("energy", "Vinter", "Vinter"),
        ("power", "", ""),
    ],
)
def test_a_name_that_begins_with_what_it_is_for_is_not_said_twice(charge: str, name: str, beside: str) -> None:
    assert name_beside(charge, name) == beside
