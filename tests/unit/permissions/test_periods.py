from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from schemas.contracts import ContractChanged, ContractTerm
from schemas.values import PriceListId
from services.permissions.core.periods import contract_period
from tests import examples

ZONE = ZoneInfo("Europe/Stockholm")


def contract(*terms: tuple[date, date | None]) -> ContractChanged:
    dated = [ContractTerm(valid_from=first, valid_to=last, price_list_id=PriceListId("bas")) for first, last in terms]
    return examples.event(ContractChanged, "until_the_sale", terms=tuple(dated))


def test_a_period_runs_from_local_midnight_to_local_midnight_over_all_terms() -> None:
    period = contract_period(contract((date(2024, 1, 1), date(2024, 4, 1)), (date(2024, 4, 1), date(2024, 7, 1))), ZONE)
    assert period is not None
    assert period.starts_at == datetime(2023, 12, 31, 23, tzinfo=UTC)
    assert period.ends_at == datetime(2024, 6, 30, 22, tzinfo=UTC)


def test_a_contract_until_further_notice_has_no_end() -> None:
    period = contract_period(contract((date(2024, 1, 1), date(2024, 4, 1)), (date(2024, 4, 1), None)), ZONE)
    assert period is not None
    assert period.ends_at is None


def test_a_contract_without_terms_shows_nothing() -> None:
    assert contract_period(contract(), ZONE) is None
