"""The secrets of docker-compose.yml are made once; a later version adds its own and leaves the others alone."""

from pathlib import Path

import pytest

from deploy import secrets
from deploy.secrets import TO_BE_STATED, values

LATER = ("KULVERT_TELEGRAM_KEY", "KULVERT_MQTT_PASSWORD", "MQTT_GATEWAY_PASSWORD")
"""What a file from before there were telegrams lacks."""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def made() -> dict[str, str]:
    return dict(line.split("=", 1) for line in secrets.FILE.read_text().splitlines() if not line.startswith("#"))


def without(*names: str) -> dict[str, str]:
    """Make a file that lacks some names; gives what is left."""
    secrets.main()
    left = {name: value for name, value in made().items() if name not in names}
    secrets.FILE.write_text("\n".join(f"{name}={value}" for name, value in left.items()))
    return left


def test_the_file_is_for_its_owner_only_and_holds_every_secret() -> None:
    secrets.main()
    assert secrets.FILE.stat().st_mode & 0o777 == 0o600
    assert made().keys() == values().keys() | set(TO_BE_STATED)


def test_what_a_file_lacks_is_added_and_nothing_else_changes(capsys: pytest.CaptureFixture[str]) -> None:
    left = without(*LATER)
    secrets.main()
    assert made() == left | {name: made()[name] for name in LATER}
    assert all(made()[name] for name in LATER)
    assert ", ".join(LATER) in capsys.readouterr().out
    again = made()
    secrets.main()
    assert made() == again


def test_a_secret_without_a_value_is_made() -> None:
    left = without(LATER[0])
    secrets.FILE.write_text("".join(f"{name}={value}\n" for name, value in left.items()) + f'{LATER[0]}=""\n')
    secrets.main()
    assert len(made()[LATER[0]]) == 64


@pytest.mark.parametrize("name", ["KULVERT_PASSWORD_ADMIN", "KULVERT_IDENTITY_KEY", "KAFKA_CLUSTER_ID"])
def test_what_stored_data_was_made_with_is_not_made_anew(name: str) -> None:
    left = without(name)
    with pytest.raises(SystemExit, match=name):
        secrets.main()
    assert made() == left


def test_the_key_of_staff_systems_may_be_kept_elsewhere() -> None:
    left = without("KULVERT_INTEGRATION_KEY")
    secrets.main()
    assert made() == left


def test_who_sells_is_asked_for_until_it_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    secrets.main()
    secrets.main()
    assert ", ".join(TO_BE_STATED) in capsys.readouterr().out.splitlines()[-1]
