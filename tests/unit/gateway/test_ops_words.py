"""Whatever economists are shown by name has a word in both languages."""

from typing import Any

import pytest

from schemas.price_list_terms import PriceListStatus
from services.contracts.core.proposals import LeftOut
from services.contracts.core.refusals import Refusal
from services.gateway.core.version_states import VersionState
from services.gateway.portal.notice_words import ENGLISH_NOTICES, SWEDISH_NOTICES
from services.gateway.portal.ops_prices_page import DECISIONS
from services.gateway.portal.ops_words import ENGLISH_OPS, SWEDISH_OPS
from services.heat.power_methods.decision import Decision

WITHDRAWAL = (
    Refusal.UNKNOWN_PRICE_LIST,
    Refusal.NO_REPLACEMENT,
    Refusal.TOO_LATE_TO_TELL,
    Refusal.PRICE_LIST_WITHDRAWN,
)


def shape(words: Any) -> Any:
    return {name: shape(one) for name, one in words.items()} if isinstance(words, dict) else None


def test_both_languages_have_the_same_words() -> None:
    assert shape(SWEDISH_OPS) == shape(ENGLISH_OPS)
    assert shape(SWEDISH_NOTICES) == shape(ENGLISH_NOTICES)


@pytest.mark.parametrize("words", [SWEDISH_OPS, ENGLISH_OPS], ids=["sv", "en"])
def test_everything_that_is_answered_has_a_word(words: dict[str, Any]) -> None:
    assert set(words["decisions"]) == set(DECISIONS) == {one.value for one in Decision}
    assert set(words["left_out"]) == {one.value for one in LeftOut}
    not_firm = {one.value for one in PriceListStatus} - {"firm"}
    assert set(words["states"]) == {one.value for one in VersionState} | not_firm
    assert {one.value for one in WITHDRAWAL} <= set(words["withdraw_faults"])
    assert {Refusal.UNKNOWN_PRICE_LIST.value, Refusal.NO_WHOLE_YEAR.value} <= set(words["effect_faults"])
    assert set(words["proposal_states"]) == set(words["proposal_state"])


def test_effect_is_a_power_and_no_change() -> None:
    for name in ("effect", "effect_of", "effect_hint"):
        assert "effekt" not in SWEDISH_OPS[name].lower()
