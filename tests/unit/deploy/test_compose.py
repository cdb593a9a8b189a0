"""docker-compose.yml is the same system as the local stack: its services, ports, settings and checks agree."""

import importlib
import json
import re
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import yaml
from prometheus_client import REGISTRY
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from deploy.local import jars
from deploy.local.folder import ROOT
from deploy.local.services import EVERY_SERVICE as ALWAYS
from deploy.local.services import INGEST_MQTT, OWNERS_OF_COMMANDS, SELLER, Service
from deploy.prepare import LOGIN_ROLES, PrepareSettings
from deploy.secrets import TO_BE_STATED, values
from services.common.settings import Settings
from services.ingest.folder.settings import FolderSettings

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()
SET_IN_THE_IMAGE = dict(re.findall(r"(KULVERT_\w+)=(\S+)", DOCKERFILE))
EVERY_SERVICE = [*ALWAYS, INGEST_MQTT]
"""In containers there is always a broker to listen to."""
SERVICES = [service for service in EVERY_SERVICE if service.exists]
FOLDER = "ingest-folder"


def container(service: Service) -> dict[str, Any]:
    found = [each for each in CONTAINERS.values() if each.get("command") == [service.module, *service.arguments]]
    assert len(found) == 1, service.name
    return found[0]


def settings_of(service: Service) -> type[Settings]:
    module = importlib.import_module(f"{service.module}.settings")
    classes = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, Settings)]
    own = [each for each in classes if each is not Settings]
    # A process that must be told more has a class of its own, which the others' are part of.
    return own[-1] if service == INGEST_MQTT else own[0]


@pytest.mark.parametrize("service", EVERY_SERVICE, ids=lambda service: service.name)
def test_every_process_of_the_local_stack_has_its_container(service: Service) -> None:
    role = container(service)["environment"]["KULVERT_DATABASE_URL"].removeprefix("postgresql://").split(":")[0]
    assert role == service.role


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_container_is_told_every_setting_it_needs_and_none_that_it_has_not(service: Service) -> None:
    fields = settings_of(service).model_fields
    environment = container(service)["environment"]
    told = {name.removeprefix("KULVERT_").lower() for name in environment if name.startswith("KULVERT_")}
    in_the_image = {name.removeprefix("KULVERT_").lower() for name in SET_IN_THE_IMAGE}
    assert told | in_the_image <= fields.keys()
    assert {name for name, field in fields.items() if field.is_required()} <= told | in_the_image


def test_every_process_of_ingest_is_told_how_long_to_keep_what_and_over_how_many_nights_to_audit() -> None:
    optional = {
        "KULVERT_PAYLOAD_MONTHS",
        "KULVERT_KEEP_READINGS_YEARS",
        "KULVERT_KEEP_DAYS_YEARS",
        "KULVERT_AUDIT_NIGHTS",
    }
    for service in (one for one in EVERY_SERVICE if one.module == "services.ingest"):
        environment = container(service)["environment"]
        # Without a value here they are those of .env, and not set at all where it has none.
        assert {name for name, value in environment.items() if value is None} == optional


def test_watched_folders_have_a_container_that_runs_where_it_is_asked_for() -> None:
    folder = CONTAINERS[FOLDER]
    assert folder["command"] == ["services.ingest.folder"]
    assert folder["profiles"] == ["folder"]
    told = {name.removeprefix("KULVERT_").lower() for name in folder["environment"]}
    assert {name for name, field in FolderSettings.model_fields.items() if field.is_required()} == told
    assert list(json.loads(folder["environment"]["KULVERT_FOLDERS"])) == ["/in"]
    assert [volume for volume in folder["volumes"] if volume.endswith(":/in")]


def test_a_start_without_a_secret_says_how_to_make_it() -> None:
    words = dict(re.findall(r"\$\{(\w+):\?([^}]*)\}", (ROOT / "docker-compose.yml").read_text()))
    assert {name for name, said in words.items() if "python3 -m deploy.secrets" not in said} == set(TO_BE_STATED)


def test_no_container_is_the_local_stack() -> None:
    assert "KULVERT_LOCAL" not in (ROOT / "docker-compose.yml").read_text() + DOCKERFILE


def test_the_gateway_finds_the_owners_of_commands() -> None:
    environment = container(next(each for each in EVERY_SERVICE if each.name == "gateway"))["environment"]
    for name, owner in OWNERS_OF_COMMANDS.items():
        address = re.fullmatch(r"http://([\w-]+):(\d+)", environment[name])
        assert address is not None
        assert CONTAINERS[address[1]] is container(owner)
        assert address[2] == SET_IN_THE_IMAGE["KULVERT_HTTP_PORT"]


async def test_the_gateway_is_told_a_visitors_own_address_by_a_proxy_on_this_machine_and_by_nobody_else() -> None:
    environment = container(next(each for each in EVERY_SERVICE if each.name == "gateway"))["environment"]
    believed = re.fullmatch(r"\$\{FORWARDED_ALLOW_IPS:-(.+)\}", environment["FORWARDED_ALLOW_IPS"])
    assert believed is not None

    async def seen(sender: str) -> str:
        async def said(scope: Scope, receive: Receive, send: Send) -> None:
            await PlainTextResponse(scope["client"][0])(scope, receive, send)

        believing = ProxyHeadersMiddleware(cast("Any", said), believed[1])
        transport = httpx.ASGITransport(cast("Any", believing), client=(sender, 50_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
            # The first is what the visitor says himself, the last what the proxy has added.
            return (await client.get("/", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.7"})).text

    assert await seen("172.18.0.1") == "203.0.113.7"
    assert await seen("192.0.2.9") == "192.0.2.9"


def test_health_is_asked_where_it_answers() -> None:
    port = SET_IN_THE_IMAGE["KULVERT_METRICS_PORT"]
    assert f"http://127.0.0.1:{port}/readyz" in DOCKERFILE
    scraped = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())["scrape_configs"][0]
    asked = scraped["dns_sd_configs"][0]
    assert str(asked["port"]) == port
    ours = [*(container(each) for each in EVERY_SERVICE), CONTAINERS[FOLDER]]
    assert {id(CONTAINERS[name]) for name in asked["names"]} == set(map(id, ours))


def test_every_other_container_has_a_health_check() -> None:
    ours = [*(container(service) for service in EVERY_SERVICE), CONTAINERS[FOLDER]]
    assert [name for name, each in CONTAINERS.items() if each not in ours and "healthcheck" not in each] == []


def test_every_interface_can_be_reached_from_the_machine() -> None:
    serving = [service for service in EVERY_SERVICE if service.arguments not in (("worker",), ("mqtt",))]
    assert [service.name for service in serving if "ports" not in container(service)] == []


def test_nothing_listens_to_other_machines() -> None:
    published = [port for each in CONTAINERS.values() for port in each.get("ports", [])]
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []
    assert len({port.split(":")[1] for port in published}) == len(published)


def test_every_image_names_its_version() -> None:
    images = [each["image"] for each in CONTAINERS.values()] + re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert [image for image in images if not re.search(r":\w*\d|:local$", image)] == []
    assert f"apache/kafka:{jars.KAFKA[0][2]}" in images


def test_the_broker_keeps_to_the_same_rules_as_the_local_one() -> None:
    environment = CONTAINERS["kafka"]["environment"]
    local = (ROOT / "deploy/local/kafka.py").read_text()
    for name in ("auto.create.topics.enable", "message.max.bytes", "log.message.timestamp.type"):
        assert f"{name}={environment['KAFKA_' + name.upper().replace('.', '_')]}\n" in local


def test_a_broker_made_anew_is_another_cluster() -> None:
    assert CONTAINERS["kafka"]["environment"]["CLUSTER_ID"].startswith("${KAFKA_CLUSTER_ID:?")
    first, second = (values()["KAFKA_CLUSTER_ID"] for _ in range(2))
    assert first != second
    assert len(urlsafe_b64decode(first + "==")) == 16


def test_preparing_is_told_every_password_and_ends_before_the_services_start() -> None:
    told = {name.removeprefix("KULVERT_").lower() for name in CONTAINERS["prepare"]["environment"]}
    assert told == PrepareSettings.model_fields.keys()
    assert {f"password_{role}" for role in LOGIN_ROLES} <= told
    for service in EVERY_SERVICE:
        assert container(service)["depends_on"] == {"prepare": {"condition": "service_completed_successfully"}}


def test_every_secret_that_is_asked_for_is_made_and_only_who_sells_is_left_to_be_stated() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text()))
    assert asked - values().keys() == set(TO_BE_STATED) == SELLER.keys()
    assert values().keys() - asked == {"KULVERT_INTEGRATION_KEY"}  # Which is for staff systems, not for services.


@pytest.mark.parametrize("file", ["prometheus/alarms.yml", "grafana/dashboards/kulvert.json"])
def test_charts_and_alarms_ask_for_figures_that_exist(file: str) -> None:
    importlib.import_module("services.common.metrics")
    for service in SERVICES:
        if (ROOT / service.module.replace(".", "/") / "metrics.py").exists():
            importlib.import_module(f"{service.module}.metrics")
    known = {name for metric in REGISTRY.collect() for name in _names(metric.name)}
    asked = set(re.findall(r"\bkulvert_\w+", (ROOT / "deploy" / file).read_text()))
    assert asked
    assert asked <= known


def _names(metric: str) -> set[str]:
    return {metric, f"{metric}_total", f"{metric}_bucket", f"{metric}_count", f"{metric}_sum"}


def test_every_alarm_says_what_to_look_at() -> None:
    groups = yaml.safe_load((ROOT / "deploy/prometheus/alarms.yml").read_text())["groups"]
    alarms = {rule["alert"] for group in groups for rule in group["rules"]}
    told = (ROOT / "docs/operating.md").read_text().partition("## Alarms")[2]
    assert alarms - set(re.findall(r"`([A-Z]\w+)`", told)) == set()


def test_the_dashboard_is_for_the_data_source_that_is_provisioned() -> None:
    sources = yaml.safe_load((ROOT / "deploy/grafana/datasources/prometheus.yml").read_text())["datasources"]
    dashboard = json.loads((ROOT / "deploy/grafana/dashboards/kulvert.json").read_text())
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {source["uid"] for source in sources}


def test_the_image_holds_every_file_that_it_copies() -> None:
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (Path(ROOT) / source).exists(), source
