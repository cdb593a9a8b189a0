"""Months that are billed by their own peaks: their powers measured when they are closed, and again when days change."""

from collections.abc import Mapping, Sequence
from datetime import date

from schemas.values import ContractId, PointId
from services.billing.core.held import Held
from services.billing.core.own_powers import own_powers, wanted_of, with_own_powers
from services.billing.core.parts import OwnPower, Part, Span, known
from services.billing.core.terms import Contract
from services.billing.store import peaks as store
from services.common.postgres import Transaction

Parted = dict[ContractId, list[Part] | Held]


async def measured(
    tx: Transaction, contracts: Sequence[Contract], parted: Parted, spans: Mapping[ContractId, Span]
) -> Parted:
    """Give the parts that count their month's own peaks the power of these, as far as it is measured."""
    asked = [
        (one.contract_id, wanted)
        for one in contracts
        for wanted in wanted_of(one.point_id, spans[one.contract_id], known(parted[one.contract_id]))
    ]
    if not asked:
        return parted
    wanted_of_all = [wanted for _, wanted in asked]
    powers = own_powers(wanted_of_all, await store.measured_days(tx, wanted_of_all))
    found: dict[ContractId, dict[str, OwnPower]] = {}
    for (contract_id, _), own in zip(asked, powers, strict=True):
        found.setdefault(contract_id, {})[own.method] = own
    with_power = {one: with_own_powers(known(parted[one]), spans[one], own) for one, own in found.items()}
    return {**parted, **with_power}


async def mark_changed(tx: Transaction, touched: Sequence[tuple[PointId, date]]) -> int:
    """Mark months whose own power is another now that days of them have changed; returns how many became dirty."""
    cited = await store.cited(tx, touched)
    if not cited:
        return 0
    wanted = [one.wanted for one in cited]
    now = own_powers(wanted, await store.measured_days(tx, wanted))
    changed = [one for one, own in zip(cited, now, strict=True) if own.centi_kw != one.centi_kw]
    return await store.mark_changed(tx, changed) if changed else 0
