"""A customer's time at a metering point, from the contract's days."""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from schemas.contracts import ContractChanged


@dataclass(frozen=True, slots=True)
class ContractPeriod:
    """From the first instant that counts up to the first that does not; `ends_at` None: until further notice."""

    starts_at: datetime
    ends_at: datetime | None


def contract_period(contract: ContractChanged, zone: ZoneInfo) -> ContractPeriod | None:
    """Tell when a customer had the metering point: local midnight to local midnight, over all terms.

    None where the contract has no term. Midnights are local, so a seller's last hour is before the buyer's first.
    """
    if not contract.terms:
        return None
    ends = [term.valid_to for term in contract.terms]
    last = None if None in ends else max(day for day in ends if day is not None)
    first = min(term.valid_from for term in contract.terms)
    return ContractPeriod(
        datetime.combine(first, time(), zone).astimezone(UTC),
        None if last is None else datetime.combine(last, time(), zone).astimezone(UTC),
    )
