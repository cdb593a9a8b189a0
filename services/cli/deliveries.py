"""The sources that this machine's own commands send as."""

import hashlib
import hmac
import threading

from deploy.local.services import INGEST_API
from deploy.local.stack import Stack
from services.cli.requests import Client

PATIENCE_S = 600.0
"""How long a delivery is offered again while the service is away, or the worker too far behind."""


def source_key(stack: Stack, name: str) -> str:
    """Give the key of a source of this machine; it follows from the stack's own, so that none is kept anywhere."""
    return hmac.new(stack.integration_key.encode(), f"source:{name}".encode(), hashlib.sha256).hexdigest()


def put_source(stack: Stack, name: str, kind: str, rank: int, given_up: threading.Event | None = None) -> Client:
    """Make a source known and give a patient client with its key. Raises RequestError."""
    key = source_key(stack, name)
    document = {"kind": kind, "rank": rank, "key_sha256": hashlib.sha256(key.encode()).hexdigest()}
    with Client(stack, INGEST_API) as staff:
        staff.ask("PUT", f"/v1/sources/{name}", json=document)
    return Client(stack, INGEST_API, key, patience_s=PATIENCE_S, given_up=given_up)
