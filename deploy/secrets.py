"""Make the secrets for docker-compose.yml: `python3 -m deploy.secrets` writes .env once, for its owner only.

What no program can know, who sells, is left empty there for people to write. It needs nothing but Python, since it
runs before anything is installed.
"""

import hashlib
import os
import secrets
import sys
from base64 import urlsafe_b64encode
from pathlib import Path

ROLES = ("ADMIN", "PERMISSIONS", "CONTRACTS", "INGEST", "BILLING", "ALERTS", "GATEWAY")
FILE = Path(".env")
SELLER = ("NAME", "ADDRESS", "ORGANISATION_NUMBER", "VAT_NUMBER", "BANKGIRO", "CONTACT")
TO_BE_STATED = tuple(f"KULVERT_SELLER_{what}" for what in SELLER)


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
    """Write the file, unless there is one: new secrets would lock out what runs with the old."""
    try:
        file = os.open(FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        sys.exit(f"{FILE} is there already and stays as it is; move it away to make new secrets")
    with os.fdopen(file, "w") as output:
        output.writelines(f"{name}={value}\n" for name, value in values().items())
        output.write("# Who sells, as it is to stand on every invoice. Nothing starts while one of these is empty.\n")
        output.writelines(f'{name}=""\n' for name in TO_BE_STATED)
    sys.stdout.write(f"{FILE} is made; now write into it who sells: {', '.join(TO_BE_STATED)}\n")


if __name__ == "__main__":
    main()
