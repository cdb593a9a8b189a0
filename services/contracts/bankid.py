"""BankID's RP API v6, as far as signing goes."""

import ssl
from typing import Any, Literal, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from services.contracts.core.bankid import encoded
from services.contracts.settings import ContractsSettings

NO_SUCH_ORDER = "invalidParameters"
Answer = TypeVar("Answer", bound=BaseModel)


class _Answer(BaseModel):
    # Everything is kept, also what is new since this was written: it is part of the evidence.
    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)


class Started(_Answer):
    """An order that has begun. None of it is for a browser, but for the start token."""

    orderRef: str  # noqa: N815 - BankID's own names, here and below
    autoStartToken: str  # noqa: N815
    qrStartToken: str  # noqa: N815
    qrStartSecret: str  # noqa: N815


class User(_Answer):
    """Who approved."""

    personalNumber: SecretStr  # noqa: N815


class Completion(_Answer):
    """What BankID proves an approval by. signature, ocspResponse: in Base64."""

    user: User
    signature: str
    ocspResponse: str  # noqa: N815


class Collected(_Answer):
    """How an order stands. hintCode may be one that nobody knows yet."""

    status: Literal["pending", "failed", "complete"]
    hintCode: str = ""  # noqa: N815
    completionData: Completion | None = None  # noqa: N815


class BankIdError(Exception):
    """BankID did not do what it was asked; `code` is its own word for why, empty where it did not answer."""

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

    async def collect(self, order_ref: str) -> tuple[Collected, bytes]:
        """Give how an order stands, and the answer byte by byte. Raises BankIdError."""
        answer = await self._ask("collect", {"orderRef": order_ref})
        return _read(Collected, answer), answer

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


def client(settings: ContractsSettings) -> httpx.AsyncClient:
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
