"""A service's process: it ends when it is told to, or when a part of it fails, and never halfway."""

import signal
import subprocess
import sys
import time

from deploy.local.folder import ROOT

ENDING_TIMEOUT_S = 1
TIMEOUT_S = 20
SERVICE = """
import asyncio
from services.common import process

async def fails(): raise ValueError("of our own")
async def ends(stop): await stop.wait()
async def never_ends(): await asyncio.Event().wait()

async def main(stop):
    print("begun", flush=True)
    await process.side_by_side(stop, {parts})

process.run("test", main, {timeout_s})
"""


def begun(parts: str) -> subprocess.Popen[str]:
    script = SERVICE.format(parts=parts, timeout_s=ENDING_TIMEOUT_S)
    return subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    words, _ = process.communicate(timeout=TIMEOUT_S)
    return process.returncode, words


def test_a_process_that_is_told_to_end_ends_without_an_error() -> None:
    process = begun("ends(stop)")
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == 0


def test_what_takes_long_is_given_up_where_the_process_is_told_to_end() -> None:
    process = begun("process.unless_stopped(stop, never_ends())")
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == 0


def test_a_failed_part_ends_the_others_and_is_what_the_log_tells_of() -> None:
    code, words = ended(begun("ends(stop), fails()"))
    assert code == 1
    assert "of our own" in words


def test_a_part_that_does_not_end_cannot_keep_a_failed_process_alive() -> None:
    began = time.monotonic()
    code, words = ended(begun("never_ends(), fails()"))
    assert code == 1
    assert "of our own" in words
    assert "service_did_not_end" in words
    assert time.monotonic() - began < TIMEOUT_S
