"""What a run would change, counted and listed without being stored."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from pydantic import BaseModel

from schemas.price_list_terms import PowerMethod
from services.contracts.core.proposals import LeftOut, Proposal
from services.heat.power_methods.decision import Decision

SHARE_DIGITS = Decimal("0.0001")


class Change(BaseModel):
    """A power that would change; share_percent: of the sum of its network, None of a yearly energy, which is MWh.

    in_force_kw: None where what it takes the place of is of the other kind.
    """

    metering_point: str
    contract_number: str
    method: PowerMethod
    in_force_kw: Decimal | None
    measured_kw: Decimal
    kw: Decimal
    effective_on: date
    share_percent: Decimal | None


class Preview:
    """A run that is not stored, taken in batch by batch."""

    def __init__(self, winter: str) -> None:
        self.winter = winter
        self.decisions: Counter[Decision] = Counter()
        self.left_out: Counter[LeftOut] = Counter()
        self._network_kw: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        self._changed: list[tuple[tuple[str, str], Change]] = []

    def take(self, proposals: Sequence[Proposal], left_out: Iterable[LeftOut]) -> None:
        """Count what a batch found; days and lines are not kept."""
        self.left_out.update(left_out)
        self.decisions.update(one.outcome.decision for one in proposals)
        for one in sorted(proposals, key=lambda proposal: proposal.contract.point_id):
            measured_kw, in_force_kw = one.measured.measurement.measured_kw, one.outcome.in_force_kw
            network = (one.contract.network_id, one.contract.medium)
            if one.method is not PowerMethod.YEARLY_ENERGY:
                self._network_kw[network] += measured_kw or in_force_kw or 0
            if one.outcome.decision is Decision.CHANGED:
                self._changed.append((network, _change(one)))

    def changes(self) -> list[Change]:
        """Give every change with its share, once all batches are taken."""
        return [
            change.model_copy(update={"share_percent": share_percent(change.measured_kw, self._network_kw[network])})
            if change.method is not PowerMethod.YEARLY_ENERGY
            else change
            for network, change in self._changed
        ]


def share_percent(kw: Decimal, network_kw: Decimal) -> Decimal:
    """Give which part of its network's sum a power is."""
    return (100 * kw / network_kw).quantize(SHARE_DIGITS, ROUND_HALF_UP)


def _change(proposal: Proposal) -> Change:
    return Change.model_validate(
        {
            "metering_point": proposal.contract.metering_point,
            "contract_number": proposal.contract.contract_number,
            "method": proposal.method,
            "in_force_kw": proposal.outcome.in_force_kw,
            "measured_kw": proposal.measured.measurement.measured_kw,
            "kw": proposal.outcome.kw,
            "effective_on": proposal.outcome.effective_on,
            "share_percent": None,
        }
    )
