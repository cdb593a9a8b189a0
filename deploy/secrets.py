"""Make the secrets for docker-compose.yml: `python3 -m deploy.secrets` writes them into .env, for its owner only.

Where there is one already, what it lacks is added, and what it has stays. What no program can know, who sells, is left
empty there for people to write. It needs nothing but Python, since it runs before anything is installed.
"""

import hashlib
import os
import re
import secrets
import sys
from base64 import urlsafe_b64encode
from pathlib import Path

ROLES = ("ADMIN", "PERMISSIONS", "CONTRACTS", "INGEST", "BILLING", "ALERTS", "GATEWAY")
FILE = Path(".env")
SELLER = ("NAME", "ADDRESS", "ORGANISATION_NUMBER", "VAT_NUMBER", "BANKGIRO", "CONTACT")
TO_BE_STATED = tuple(f"KULVERT_SELLER_{what}" for what in SELLER)
OF_WHAT_IS_STORED = ("KULVERT_PASSWORD_ADMIN", "KULVERT_IDENTITY_KEY", "KAFKA_CLUSTER_ID")
"""Volumes were made with these: new ones would fit nothing that is in them."""
OF_STAFF = ("KULVERT_INTEGRATION_KEY", "KULVERT_INTEGRATION_KEY_SHA256")
"""A key and its hash. The key may have been taken away from the file, since no service needs it."""
_STATED = re.compile(r"""^\s*(?:export\s+)?(\w+)\s*=\s*(?!(?:""|'')?\s*(?:#.*)?$)""", re.MULTILINE)


def cluster_id() -> str:
    """Give a Kafka cluster's identity: 16 random bytes as Kafka writes them, never beginning with a dash."""
    return urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=").replace("-", "A")


def values() -> dict[str, str]:
    """Give a new secret for each name. The integration key itself is for staff systems; services get its hash."""
    key = secrets.token_urlsafe(32)
    return {
        **{f"KULVERT_PASSWORD_{role}": secrets.token_urlsafe(18) for role in ROLES},
        "KULVERT_INTEGRATION_KEY": key,
        "KULVERT_INTEGRATION_KEY_SHA256": hashlib.sha256(key.encode()).hexdigest(),
        "KULVERT_IDENTITY_KEY": secrets.token_hex(32),
        "KULVERT_TELEGRAM_KEY": secrets.token_hex(32),
        "KULVERT_MQTT_PASSWORD": secrets.token_urlsafe(18),
        "MQTT_GATEWAY_PASSWORD": secrets.token_urlsafe(18),
        "KAFKA_CLUSTER_ID": cluster_id(),
        "GRAFANA_PASSWORD": secrets.token_urlsafe(18),
    }


def main() -> None:
    """Write the file, or add what it lacks: other secrets than it has would lock out what runs with these."""
    if FILE.exists():
        _add(FILE.read_text())
        return
    with os.fdopen(os.open(FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        output.writelines(f"{name}={value}\n" for name, value in values().items())
        output.write("# Who sells, as it is to stand on every invoice. Nothing starts while one of these is empty.\n")
        output.writelines(f'{name}=""\n' for name in TO_BE_STATED)
    sys.stdout.write(f"{FILE} is made; now write into it who sells: {', '.join(TO_BE_STATED)}\n")


def _add(text: str) -> None:
    stated = set(_STATED.findall(text))
    lost = [name for name in (*OF_WHAT_IS_STORED, OF_STAFF[-1]) if name not in stated]
    missing = {name: value for name, value in values().items() if name not in {*stated, *OF_WHAT_IS_STORED, *OF_STAFF}}
    with FILE.open("a") as output:
        output.write("" if text.endswith("\n") or not missing else "\n")
        output.writelines(f"{name}={value}\n" for name, value in missing.items())
    sys.stdout.write(f"{FILE} lacked {', '.join(missing)}; added\n" if missing else f"{FILE} stays as it is\n")
    if unsaid := [name for name in TO_BE_STATED if name not in stated]:
        sys.stdout.write(f"Write into it who sells: {', '.join(unsaid)}\n")
    if lost:
        sys.exit(
            f"{FILE} has no {', '.join(lost)}: what is stored was made with the one that it had, so put that back;"
            f" where nothing is stored yet, move {FILE} away and make all of it anew"
        )


if __name__ == "__main__":
    main()
