"""Closing a month: every contract whose days are whole gets its invoice, the others a named reason why not."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from schemas.invoices import InvoiceIssued
from schemas.topics import INVOICES
from schemas.values import ContractId, InvoiceId
from services.billing import metrics, peaks
from services.billing.core.chain import Series
from services.billing.core.entries import (
    Case,
    Issue,
    cited_peak_rows,
    cited_rows,
    invoice_row,
    line_rows,
    linked,
    period_row,
)
from services.billing.core.held import Held, HeldReason
from services.billing.core.invoices import Draft, Month, drafts
from services.billing.core.parts import Part, contract_span, known, month_span, parts
from services.billing.core.prices import Prices
from services.billing.core.terms import Contract
from services.billing.settings import BillingSettings
from services.billing.store import closing as store
from services.billing.store import copies
from services.billing.store import peaks as peak_store
from services.common import logs, outbox
from services.common.postgres import Database, Transaction

log = logs.get_logger()

SCHEMA = "billing"
Outcome = tuple[Case, Draft | Held]


class MonthNotOverError(Exception):
    """The month still has days to come, so no contract that runs on could be whole."""


@dataclass(frozen=True, slots=True)
class Closed:
    """What one run did: how many invoices it issued, and how many contracts it held by reason."""

    issued: int
    held: Mapping[str, int]


async def close_month(database: Database, settings: BillingSettings, month: date) -> Closed:
    """Issue what is ready of a month. Doing it again issues only what was held and now is ready.

    A batch of contracts is one transaction: copies, figures, numbers and invoices stand or fall together, so a
    run that is cut off leaves no gap and no double. Raises MonthNotOverError.
    """
    now = datetime.now(UTC)
    span = month_span(month)
    if now.astimezone(settings.zone).date() < span.end:
        raise MonthNotOverError
    issued, held = 0, Counter[str]()
    after, more = store.BEFORE_ALL, True
    async with database.transaction() as tx:
        await store.drop_stale(tx, span)
        if Prices(await copies.price_lists(tx)).hold_against_networks():
            await store.close_network_means(tx, span)
    while more:
        with metrics.BATCH_SECONDS.time():
            async with database.transaction() as tx:
                outcomes = await _close_batch(tx, settings, month, after)
        reasons = Counter(outcome.reason.value for _, outcome in outcomes if isinstance(outcome, Held))
        issued += len(outcomes) - reasons.total()
        held += reasons
        metrics.ISSUED.inc(len(outcomes) - reasons.total())
        for reason, count in reasons.items():
            metrics.HELD.labels(reason).inc(count)
        more = len(outcomes) == settings.close_batch
        after = outcomes[-1][0].contract.contract_id if outcomes else after
    log.info("month_closed", month=month.isoformat(), issued=issued, held=dict(held))
    return Closed(issued, dict(held))


async def _close_batch(tx: Transaction, settings: BillingSettings, month: date, after: UUID) -> list[Outcome]:
    """Lock, read, price, write. The locks come first, so that what is read stays true until it is written."""
    now = datetime.now(UTC)
    issue = Issue(month, now, now.astimezone(settings.zone).date(), settings.payment_days, _seller(settings))
    series = await store.lock_series(tx, issue.year)
    await copies.share_prices(tx)
    contracts = await store.to_bill(tx, month_span(month), after, settings.close_batch)
    if not contracts:
        return []
    outcomes = await _drafts(tx, contracts, month)
    await _write(tx, outcomes, issue, series)
    return outcomes


async def _drafts(tx: Transaction, contracts: Sequence[Contract], month: date) -> list[Outcome]:
    prices = Prices(await copies.price_lists(tx))
    parties = await store.parties(tx, contracts)
    spans = {contract.contract_id: contract_span(contract, month) for contract in contracts}
    parted: peaks.Parted = {one.contract_id: parts(one, prices, spans[one.contract_id]) for one in contracts}
    lost = await store.lost(tx, contracts, month_span(month))
    parted |= {contract_id: Held(HeldReason.INVOICE_LOST) for contract_id in lost}
    parted = await peaks.measured(tx, contracts, parted, spans)
    wanted = [(contract.point_id, part) for contract in contracts for part in known(parted[contract.contract_id])]
    figures = iter(await store.figures(tx, wanted))
    cases = [Case(one, spans[one.contract_id], parties.get(one.contract_id, {})) for one in contracts]
    found = [parted[one.contract_id] for one in contracts]
    months = [Month(known(one), [next(figures) for _ in known(one)]) for one in found]
    drafted = drafts(months, prices)
    return [(case, _outcome(case, one, made)) for case, one, made in zip(cases, found, drafted, strict=True)]


def _outcome(case: Case, found: list[Part] | Held, draft: Draft | Held) -> Draft | Held:
    if isinstance(found, Held):
        return found
    return draft if case.parties else Held(HeldReason.NO_ADDRESS)


async def _write(tx: Transaction, outcomes: Sequence[Outcome], issue: Issue, series: Series) -> None:
    invoices, lines, cited, cited_peaks, periods, events = [], [], [], [], [], []
    sequence, chain = series.next_number, series.chain_sha256
    for case, outcome in outcomes:
        if isinstance(outcome, Held):
            periods.append(period_row(case, issue.month, outcome))
            continue
        invoice_id = uuid4()
        own_lines = line_rows(case, outcome.lines, invoice_id)
        invoice, chain = linked(invoice_row(case, outcome, issue, invoice_id, sequence), own_lines, chain)
        sequence += 1
        invoices.append(invoice)
        lines += own_lines
        cited += cited_rows(case, outcome, issue)
        cited_peaks += cited_peak_rows(case, outcome, issue)
        periods.append(period_row(case, issue.month, invoice_id))
        events.append(_event(case, invoice, issue))
    await store.add_invoices(tx, invoices, lines, cited)
    await peak_store.add_cited(tx, cited_peaks)
    await store.put_periods(tx, periods)
    await store.move_series(tx, issue.year, Series(sequence, chain))
    async with tx.pipeline():
        for event in events:
            await outbox.add(tx, SCHEMA, INVOICES, str(event.contract_id), event)


def _event(case: Case, invoice: Mapping[str, Any], issue: Issue) -> InvoiceIssued:
    return InvoiceIssued(
        invoice_id=InvoiceId(UUID(invoice["invoice_id"])),
        number=invoice["number"],
        contract_id=ContractId(case.contract.contract_id),
        customer_id=case.contract.customer_id,
        point_id=case.contract.point_id,
        month=issue.month,
        issued_at=issue.issued_at,
        due_on=issue.due_on,
        net_ore=invoice["net_ore"],
        vat_ore=invoice["vat_ore"],
        total_ore=invoice["total_ore"],
    )


def _seller(settings: BillingSettings) -> dict[str, str]:
    return {
        "name": settings.seller_name,
        "address": settings.seller_address,
        "organisation_number": settings.seller_organisation_number,
        "vat_number": settings.seller_vat_number,
        "bankgiro": settings.seller_bankgiro,
        "contact": settings.seller_contact,
    }
