"""Real telegrams beside the built ones, where the folder of real material is there."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from deploy.local.folder import ROOT
from tests.published_frames import frame


def published_frames() -> Sequence[bytes]:
    """Give every frame of wired M-Bus that libmbus publishes, good and broken."""
    return [frame(file) for file in sorted((_folder() / "mbus-libmbus").glob("*-frames/*.hex"))]


def published_payloads() -> Sequence[bytes]:
    """Give the payloads that Elvaco's modules send, as The Things Network publishes them."""
    file = _folder() / "lorawan-elvaco/ttn_elvaco_vectors.json"
    return [bytes(vector["bytes"]) for vector in json.loads(file.read_text())] if file.exists() else []


def _folder() -> Path:
    return Path(os.environ.get("KULVERT_SHARED_DATA", ROOT.parent / "shared" / "data"))
