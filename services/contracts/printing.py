"""Estimates and simulations as PDF, made when they are asked for."""

import asyncio
import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import typst

TEMPLATE = Path(__file__).parent / "documents" / "cost.typ"


class Printer:
    """One typst compiler, kept: setting one up costs ten times what a page does.

    What is printed is passed beside the template as JSON, never put into it, so no name can become markup. Only the
    fonts that typst brings are used, so that a document looks the same on every machine.
    """

    def __init__(self) -> None:
        self._compiler = typst.Compiler(input=str(TEMPLATE), root=str(TEMPLATE.parent), ignore_system_fonts=True)
        self._one_at_a_time = asyncio.Lock()

    async def pdf(self, document: dict[str, Any], made_on: date) -> bytes:
        """Print a document. Raises typst.TypstError where the template is at fault."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(self.print, document, made_on)

    def print(self, document: dict[str, Any], made_on: date) -> bytes:
        """Print a document, one at a time."""
        data = {"cost": json.dumps(document, ensure_ascii=False)}
        at = int(datetime.combine(made_on, time(12), UTC).timestamp())
        pages: Any = self._compiler.compile(format="pdf", sys_inputs=data, timestamp=at)
        return bytes(pages)
