"""From which day on a changed contract is another one."""

from datetime import date

from schemas.contracts import ContractChanged


def changed_from(before: ContractChanged | None, after: ContractChanged) -> date | None:
    """Give the earliest day for which terms, powers or what is agreed beside differ, or None where none does.

    before: None for a new contract, which is changed from its first day.
    """
    if before is None:
        return after.terms[0].valid_from
    powers = {power.valid_from for power in set(before.powers) ^ set(after.powers)}
    terms, options, agreements = (_changed(was, now) for was, now in zip(_dated(before), _dated(after), strict=True))
    return min(terms | options | agreements | powers, default=None)


_Ends = dict[tuple[date, *tuple[object, ...]], date | None]
"""When each of some dated things ends, by its first day and what it is."""


def _dated(contract: ContractChanged) -> tuple[_Ends, _Ends, _Ends]:
    return (
        {(one.valid_from, one.price_list_id): one.valid_to for one in contract.terms},
        {(one.valid_from, one.reference): one.valid_to for one in contract.options},
        {
            (one.valid_from, one.name, one.energy_per_mwh, one.discount_percent): one.valid_to
            for one in contract.agreements
        },
    )


def _changed(was: _Ends, now: _Ends) -> set[date]:
    began = {valid_from for valid_from, *_ in was.keys() ^ now.keys()}
    # What only ends on another day is the same up to the earlier of its two ends.
    ended = {min(was[key] or date.max, now[key] or date.max) for key in was.keys() & now.keys() if was[key] != now[key]}
    return began | ended
