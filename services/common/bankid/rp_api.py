"""BankID's RP API v6: to sign and to log in, at an address that is a setting."""

import ssl
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel, Field, ValidationError, model_validator

from schemas.bankid import Collected, Started, encoded
from services.common.settings import Settings

NO_SUCH_ORDER = "invalidParameters"
OTHER_ORDER = "otherOrder"
"""Our own word, beside BankID's, for an answer about another order than was asked for."""
Answer = TypeVar("Answer", bound=BaseModel)


class BankIdSettings(Settings):
    """What a service must be told to ask BankID."""

    bankid_url: str = Field(default="", description="of BankID's RP API, with /rp/v6.0; empty: BankID is not used")
    bankid_start_url: str = Field(
        default="https://app.bankid.com/", description="what a phone or computer opens its own BankID by"
    )
    bankid_certificate: str = Field(default="", description="file with the relying party's certificate, PEM")
    bankid_certificate_key: str = Field(default="", description="file with its key; empty: in the same file")
    bankid_authority: str = Field(default="", description="file with the certificate that BankID's own is issued under")
    bankid_roots: str = Field(
        default="", description="file with the roots, PEM, that the certificates of people and of responders lead to"
    )
    bankid_answer_seconds: float = Field(default=5, gt=0, le=30)

    @model_validator(mode="after")
    def _is_certified(self) -> Self:
        if self.bankid_url and not self.bankid_roots:
            raise ValueError("what BankID answers is verified up to its root; name the root's file in bankid_roots")
        is_elsewhere = bool(self.bankid_url) and not self.local
        if is_elsewhere and not (self.bankid_url.startswith("https://") and self.bankid_certificate):
            raise ValueError("BankID is reached by https and with the relying party's certificate; name its file")
        return self


class BankIdError(Exception):
    """BankID did not do what it was asked; `code` is the word for why, empty where it did not answer."""

    def __init__(self, code: str) -> None:
        super().__init__(code or "no answer")
        self.code = code


class BankId:
    """Asks BankID. httpx itself, since the client of pybankid knows two fixed addresses and no other."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def sign(self, end_user_ip: str, text: str, hidden: str) -> Started:
        """Begin an order to sign a text, and what goes with it unseen. Raises BankIdError."""
        asked = {"endUserIp": end_user_ip, "userVisibleData": encoded(text), "userNonVisibleData": encoded(hidden)}
        return _read(Started, await self._ask("sign", asked))

    async def identify(self, end_user_ip: str, hidden: str) -> Started:
        """Begin an order to say who one is, and what goes with it unseen. Raises BankIdError."""
        asked = {"endUserIp": end_user_ip, "userNonVisibleData": encoded(hidden)}
        return _read(Started, await self._ask("auth", asked))

    async def collect(self, order_ref: str) -> tuple[Collected, bytes]:
        """Give how an order stands, and the answer byte by byte. Raises BankIdError."""
        answer = await self._ask("collect", {"orderRef": order_ref})
        collected = _read(Collected, answer)
        if collected.orderRef != order_ref:
            raise BankIdError(OTHER_ORDER)
        return collected, answer

    async def cancel(self, order_ref: str) -> None:
        """End an order. Raises BankIdError."""
        await self._ask("cancel", {"orderRef": order_ref})

    async def _ask(self, method: str, body: dict[str, Any]) -> bytes:
        try:
            answer = await self._client.post(method, json=body)
        except httpx.HTTPError as error:
            raise BankIdError("") from error
        if answer.status_code != httpx.codes.OK:
            raise BankIdError(_code(answer))
        return answer.content


def _read(kind: type[Answer], answer: bytes) -> Answer:
    try:
        return kind.model_validate_json(answer)
    except ValidationError as error:
        raise BankIdError("") from error


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["errorCode"])
    except (ValueError, KeyError, TypeError):
        return ""


def client(settings: BankIdSettings) -> httpx.AsyncClient:
    """Give the connection to BankID. Raises OSError where a certificate cannot be read or is a wrong one."""
    trusted = ssl.create_default_context(cafile=settings.bankid_authority or None)
    if settings.bankid_certificate:
        trusted.load_cert_chain(settings.bankid_certificate, settings.bankid_certificate_key or None)
    return httpx.AsyncClient(
        base_url=f"{settings.bankid_url.rstrip('/')}/",
        timeout=settings.bankid_answer_seconds,
        verify=trusted,
        trust_env=False,
    )
