"""From which day on a changed contract is another one."""

from datetime import date

from schemas.contracts import ContractChanged, ContractTerm


def changed_from(before: ContractChanged | None, after: ContractChanged) -> date | None:
    """Give the earliest day for which terms or powers differ, or None where none does.

    before: None for a new contract, which is changed from its first day.
    """
    if before is None:
        return after.terms[0].valid_from
    powers = {power.valid_from for power in set(before.powers) ^ set(after.powers)}
    days = _changed_terms(before.terms, after.terms) | powers
    return min(days, default=None)


def _changed_terms(before: tuple[ContractTerm, ...], after: tuple[ContractTerm, ...]) -> set[date]:
    was = {(term.valid_from, term.price_list_id): term.valid_to for term in before}
    now = {(term.valid_from, term.price_list_id): term.valid_to for term in after}
    began = {valid_from for valid_from, _ in was.keys() ^ now.keys()}
    # A term that only ends on another day is the same one up to the earlier of its two ends.
    ended = {min(was[key] or date.max, now[key] or date.max) for key in was.keys() & now.keys() if was[key] != now[key]}
    return began | ended
