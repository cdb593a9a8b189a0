"""Invoices as PDF: made on demand from the frozen rows, the same bytes each time."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import typst

from services.billing import metrics

TEMPLATE = Path(__file__).parent / "documents" / "invoice.typ"


class Printer:
    """One typst compiler, kept: setting one up costs ten times what a page does.

    What is printed is passed beside the template as JSON, never put into it, so no name can become markup. Only
    the fonts that typst brings are used, so that an invoice looks the same on every machine.
    """

    def __init__(self) -> None:
        self._compiler = typst.Compiler(input=str(TEMPLATE), root=str(TEMPLATE.parent), ignore_system_fonts=True)
        self._one_at_a_time = asyncio.Lock()

    async def pdf(self, document: dict[str, Any], issued_at: datetime) -> bytes:
        """Print an invoice. Raises typst.TypstError where the template is at fault."""
        async with self._one_at_a_time:
            with metrics.PDF_SECONDS.time():
                return await asyncio.to_thread(self._print, document, issued_at)

    def _print(self, document: dict[str, Any], issued_at: datetime) -> bytes:
        data = {"invoice": json.dumps(document, ensure_ascii=False)}
        pages: Any = self._compiler.compile(format="pdf", sys_inputs=data, timestamp=int(issued_at.timestamp()))
        return bytes(pages)
