"""An offer as a document: whole, in one spelling, and as the text that whoever signs is shown."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from schemas.price_list_terms import Option
from schemas.price_lists import PriceList
from services.contracts.core import documents
from services.contracts.core.agreeing import agreements_with, options_with


class Parties(NamedTuple):
    """Between whom and for what place a contract is."""

    contract_number: str
    customer_number: str
    customer_name: str
    facility_number: str
    facility_name: str
    facility_address: str
    metering_point: str


class Sheet(NamedTuple):
    """An offer as it is stored and signed. document: canonical JSON; text: what is shown."""

    document: str
    sha256: bytes
    text: str


def sheet(
    number: str,
    offer: documents.Offer,
    parties: Parties,
    contract: Mapping[str, Any],
    price_list: PriceList,
    expires_on: datetime,
) -> Sheet:
    """Write an offer down. contract: as it stands, whole. expires_on: when it expires, in the customers' time zone."""
    whole = {
        "offer_number": number,
        "offer": offer.model_dump(mode="json"),
        "parties": parties._asdict(),
        "contract": contract,
        "price_list": price_list.model_dump(mode="json"),
    }
    document = canonical(whole)
    digest = hashlib.sha256(document.encode()).digest()
    return Sheet(document, digest, text_of(number, offer, parties, price_list, expires_on))


def canonical(document: Mapping[str, Any]) -> str:
    """Write JSON in the one spelling that is hashed: keys sorted, no spaces, letters as they are. Takes no floats."""
    if _holds_float(document):
        raise ValueError("write numbers as whole numbers or texts: a float has several spellings")
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _holds_float(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_float(one) for one in value.values())
    if isinstance(value, list | tuple):
        return any(_holds_float(one) for one in value)
    return isinstance(value, float)


def text_of(number: str, offer: documents.Offer, parties: Parties, price_list: PriceList, expires_on: datetime) -> str:
    """Write what is signed, as whoever signs reads it: in Swedish, the language of the contract."""
    lines = [
        f"Jag godkänner erbjudande {number} för {parties.customer_name} (kund {parties.customer_number}).",
        "",
        f"Avtal: {parties.contract_number}",
        f"Anläggning: {parties.facility_name}, {parties.facility_address} ({parties.facility_number})",
        f"Mätpunkt: {parties.metering_point}",
        f"Prislista: {price_list.name} ({offer.price_list_id})",
        f"Gäller från och med: {offer.valid_from.isoformat()}",
    ]
    if offer.kw is not None:
        lines.append(f"Abonnemangseffekt: {_swedish(offer.kw)} kW")
    if offer.mwh is not None:
        lines.append(f"Årsenergi: {_swedish(offer.mwh)} MWh")
    lines += [f"Tillval: {option}" for option in offer.options]
    lines += _chosen(offer, price_list)
    lines += [] if offer.agreement is None else [_agreement(offer.agreement)]
    lines += ["", f"Erbjudandet kan undertecknas till {expires_on:%Y-%m-%d %H:%M}."]
    return "\n".join(lines)


def _chosen(offer: documents.Offer, price_list: PriceList) -> list[str]:
    if offer.chosen_options is None:
        return []
    offered = {one.reference: one for one in price_list.extension.options}
    lines = [_option(offered[one]) for one in offer.chosen_options if one in offered]
    return lines or ["Inga tillval i prislistan."]


def _option(option: Option) -> str:
    prices = (
        (option.per_year, "kr per år"),
        (option.per_month, "kr per månad"),
        (option.per_mwh, "kr per MWh"),
    )
    said = " och ".join(f"{_swedish(price.price_ex_vat)} {unit}" for price, unit in prices if price is not None)
    return f"Tillval: {option.name}, {said} exkl. moms"


def _agreement(agreement: documents.OfferedAgreement) -> str:
    until = f"gäller till {agreement.valid_to.isoformat()}"
    if agreement.energy_per_mwh is not None:
        price = f"{_swedish(agreement.energy_per_mwh)} kr per MWh exkl. moms"
        return f"Prisavtal: {agreement.name}, energipris {price}, {until}"
    off = _swedish(agreement.discount_percent or Decimal(0))
    return f"Prisavtal: {agreement.name}, {off} % rabatt på energi, effekt och fasta avgifter, {until}"


def _swedish(number: Decimal) -> str:
    return f"{number.normalize():f}".replace(".", ",")


def hidden_text(sha256: bytes, order_id: UUID) -> str:
    """Write what is signed beside the text: the digest of the document, and the order.

    The digest binds every price to the signature. The order binds the signature to itself: without it, the approval of
    one that was cancelled would fit the next on the same offer.
    """
    return canonical({"document_sha256": sha256.hex(), "order_id": str(order_id)})


def with_offer(contract: documents.Contract, offer: documents.Offer) -> documents.Contract:
    """Give a contract as it is once an offer on it is signed."""
    term = documents.Term(valid_from=offer.valid_from, price_list_id=offer.price_list_id)
    terms = [one for one in contract.terms if one.valid_from < offer.valid_from]
    return contract.model_copy(
        update={
            "terms": (*terms, term),
            "powers": _powers(contract.powers, offer),
            "options": options_with(contract.options, offer.chosen_options, offer.valid_from),
            "agreements": agreements_with(contract.agreements, offer.agreement, offer.valid_from),
        }
    )


def _powers(before: Sequence[documents.EnteredPower], offer: documents.Offer) -> tuple[documents.EnteredPower, ...]:
    if offer.kw is None and offer.mwh is None:
        return tuple(before)
    others = [one for one in before if one.valid_from != offer.valid_from]
    offered = documents.EnteredPower(valid_from=offer.valid_from, kw=offer.kw, mwh=offer.mwh)
    return tuple(sorted((*others, offered), key=lambda one: one.valid_from))
