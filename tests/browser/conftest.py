"""The running portal and a real browser, for all tests of pages."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from deploy.local.folder import ROOT
from deploy.local.services import ALERTS, BILLING, CONTRACTS, GATEWAY, PERMISSIONS
from deploy.local.stack import Stack
from tests.browser.seed import seed
from tests.running import cannot_run, running

NODE_MODULES = ROOT / "deploy/frontend/node_modules"
CHROMIUM = "import chromium from '@sparticuz/chromium'; console.log(await chromium.executablePath())"
VENDOR = ROOT / "services/gateway/portal/static/vendor"
COOKIE = "kulvert"


class Portal:
    """The running portal, with two people who have two houses each."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.base = f"http://127.0.0.1:{stack.port('gateway_http')}"
        self.house, self.silent, self.token = seed(stack, "browser-anna", 660_001)
        self.others, _, self.others_token = seed(stack, "browser-bo", 660_101, "en")

    def get(self, path: str, token: str | None = None) -> httpx.Response:
        cookies = {COOKIE: self.token if token is None else token}
        return httpx.get(self.base + path, cookies=cookies, follow_redirects=False)

    def value(self, query: str, *parameters: Any) -> Any:
        with psycopg.connect(self.stack.admin_dsn) as connection:
            row = connection.execute(query.encode(), parameters).fetchone()
        assert row is not None
        return row[0]


@pytest.fixture(scope="package")
def portal(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The gateway, with the services to which it passes commands on."""
    logs = tmp_path_factory.mktemp("portal")
    with ExitStack() as services:
        for service in (PERMISSIONS, CONTRACTS, ALERTS, BILLING, GATEWAY):
            services.enter_context(running(stack, service, logs / f"{service.name}.log"))
        yield Portal(stack)


def chromium() -> str:
    """Find a Chromium: the machine's own, else the one among the front-end packages."""
    own = shutil.which("chromium")
    if own:
        return own
    if not (NODE_MODULES / "@sparticuz/chromium").is_dir():
        cannot_run("no Chromium: install the system's package 'chromium', or all front-end packages: make front-end")
    # Unpacked here and not in the folder of all users, where another one's would be found and could not be run.
    unpacked = NODE_MODULES / ".chromium"
    unpacked.mkdir(exist_ok=True)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "TMPDIR": str(unpacked)}
    command = ["node", "--input-type=module", "-e", CHROMIUM]
    found = subprocess.run(
        command, cwd=NODE_MODULES.parent, env=environment, capture_output=True, text=True, check=True
    )
    return found.stdout.strip()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = chromium()
    if not (VENDOR / "echarts.common.min.js").exists():
        cannot_run("the portal's scripts are not there: install the front-end packages with make front-end")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--headless=shell"])
        yield started
        started.close()


Visit = Callable[..., tuple[Page, list[str]]]


@pytest.fixture
def visit(browser: Browser, portal: Portal) -> Iterator[Visit]:
    """Open pages as Anna, far from Sweden; each with a list that fills with what the console complains of."""
    contexts = []

    def opened(**context: Any) -> tuple[Page, list[str]]:
        contexts.append(browser.new_context(timezone_id="America/New_York", **context))
        return _watched(contexts[-1], portal)

    yield opened
    for context in contexts:
        context.close()


def _watched(opened: BrowserContext, portal: Portal) -> tuple[Page, list[str]]:
    opened.add_cookies([{"name": COOKIE, "value": portal.token, "url": portal.base}])
    page, faults = opened.new_page(), list[str]()
    page.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return page, faults
