"""What BankID's RP API v6 answers, what it is sent, and the frames of its moving code."""

import base64
import hashlib
import hmac
from typing import Literal

from pydantic import BaseModel, ConfigDict, SecretStr


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

    orderRef: str  # noqa: N815
    status: Literal["pending", "failed", "complete"]
    hintCode: str = ""  # noqa: N815
    completionData: Completion | None = None  # noqa: N815


def qr_data(qr_start_token: str, qr_start_secret: str, seconds: int) -> str:
    """Give the code's content so many whole seconds after the order's start was answered. Source: RP guidelines, QR."""
    digest = hmac.digest(qr_start_secret.encode(), str(seconds).encode(), hashlib.sha256)
    return f"bankid.{qr_start_token}.{seconds}.{digest.hex()}"


def encoded(text: str) -> str:
    """Write a text as BankID wants it."""
    return base64.b64encode(text.encode()).decode()
