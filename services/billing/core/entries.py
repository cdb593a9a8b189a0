"""Drafts become rows: numbered, dated, chained, with everything that the document will print."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.billing.core.chain import chained
from services.billing.core.held import Held
from services.billing.core.invoices import Draft
from services.billing.core.lines import Line
from services.billing.core.parts import Span
from services.billing.core.reference import invoice_number, ocr_reference
from services.billing.core.terms import Contract

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A contract's month. parties: whom and where it is for, as contracts says on the day of issue."""

    contract: Contract
    span: Span
    parties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Issue:
    """What all invoices of a run share. issued_on: the day of issue, local."""

    month: date
    issued_at: datetime
    issued_on: date
    payment_days: int
    seller: Mapping[str, str]

    @property
    def year(self) -> int:
        """The year whose numbers are used."""
        return self.issued_on.year

    @property
    def due_on(self) -> date:
        """The last day to pay."""
        return self.issued_on + timedelta(days=self.payment_days)


def invoice_row(case: Case, draft: Draft, issue: Issue, invoice_id: UUID, sequence: int) -> Row:
    """Write an invoice as a row, without its link in the chain."""
    number = invoice_number(issue.year, sequence)
    return {
        "invoice_id": str(invoice_id),
        "year": issue.year,
        "sequence": sequence,
        "number": number,
        "contract_id": str(case.contract.contract_id),
        "customer_id": str(case.contract.customer_id),
        "point_id": case.contract.point_id,
        "month": issue.month.isoformat(),
        "part_from": case.span.first.isoformat(),
        "part_to": case.span.end.isoformat(),
        "issued_at": issue.issued_at.isoformat(),
        "due_on": issue.due_on.isoformat(),
        "net_ore": draft.net_ore,
        "vat_ore": draft.vat_ore,
        "total_ore": draft.net_ore + draft.vat_ore,
        "basis": {
            "contract_number": case.contract.contract_number,
            "issued_on": issue.issued_on.isoformat(),
            "ocr": ocr_reference(number),
            "seller": dict(issue.seller),
            **case.parties,
            "parts": draft.basis_parts,
            "vat": [{"percent": str(vat.percent), "net_ore": vat.net_ore, "vat_ore": vat.vat_ore} for vat in draft.vat],
        },
    }


def line_rows(case: Case, lines: Sequence[Line], invoice_id: UUID) -> list[Row]:
    """Write an invoice's lines as rows; decimals as text, so that nothing rounds them."""
    return [
        {
            "invoice_id": str(invoice_id),
            "line": number,
            "contract_id": str(case.contract.contract_id),
            "point_id": case.contract.point_id,
            "part_from": line.part.first.isoformat(),
            "part_to": line.part.end.isoformat(),
            "component": line.component.value,
            "label": line.label,
            "quantity": str(line.quantity),
            "unit": line.unit,
            "price": str(line.price),
            "fixed_price": str(line.fixed_price),
            "days": line.days,
            "year_days": line.year_days,
            "vat_percent": str(line.part.price_list.vat_percent),
            "amount_ore": line.amount_ore,
        }
        for number, line in enumerate(lines, start=1)
    ]


def cited_rows(case: Case, draft: Draft, issue: Issue) -> list[Row]:
    """Write down the registers that an invoice rests on, each once, by the day at whose end it stood so."""
    first = draft.basis_parts[0]
    ends = [(first["first"], first["register_from_wh"])]
    ends += [(part["end"], part["register_to_wh"]) for part in draft.basis_parts]
    return [
        {
            "contract_id": str(case.contract.contract_id),
            "month": issue.month.isoformat(),
            "point_id": case.contract.point_id,
            "day": (date.fromisoformat(midnight) - timedelta(days=1)).isoformat(),
            "register_wh": register_wh,
        }
        for midnight, register_wh in ends
    ]


def cited_peak_rows(case: Case, draft: Draft, issue: Issue) -> list[Row]:
    """Write down what the month's own peaks gave, also where an agreed power stands in: it may be measured yet."""
    return [
        {
            "contract_id": str(case.contract.contract_id),
            "month": issue.month.isoformat(),
            "method": own.method,
            "point_id": case.contract.point_id,
            "first_day": case.span.first.isoformat(),
            "end_day": case.span.end.isoformat(),
            "centi_kw": own.centi_kw,
        }
        for own in draft.own_powers
    ]


def period_row(case: Case, month: date, outcome: UUID | Held) -> Row:
    """Write down what became of a contract's month: the invoice's id, or why it is held."""
    reason, invoice_id = (outcome.reason.value, None) if isinstance(outcome, Held) else (None, str(outcome))
    return {
        "contract_id": str(case.contract.contract_id),
        "month": month.isoformat(),
        "customer_id": str(case.contract.customer_id),
        "point_id": case.contract.point_id,
        "part_from": case.span.first.isoformat(),
        "part_to": case.span.end.isoformat(),
        "held_reason": reason,
        "invoice_id": invoice_id,
    }


def linked(invoice: Row, lines: Sequence[Row], before: bytes) -> tuple[Row, bytes]:
    """Link an invoice to those before it; gives the row with its digest, and the digest for the next."""
    digest = chained(before, invoice, lines)
    return invoice | {"chain_sha256": digest.hex()}, digest
