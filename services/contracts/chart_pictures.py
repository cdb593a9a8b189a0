"""Charts as PNG, for whoever cannot show SVG: typst draws the very same picture with the fonts that it brings."""

import asyncio
from functools import cache
from typing import Any

import typst

PAGE = b"""
#set page(width: 640pt, height: 400pt, margin: 0pt)
#image(bytes(sys.inputs.svg), format: "svg", width: 640pt)
"""
POINTS_PER_INCH = 144.0


async def png_of(svg: str) -> bytes:
    """Draw an SVG as PNG, twice as many dots across as it has units."""
    return await asyncio.to_thread(_drawn, svg)


def _drawn(svg: str) -> bytes:
    pages: Any = _compiler().compile(format="png", ppi=POINTS_PER_INCH, sys_inputs={"svg": svg})
    return bytes(pages)


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(input=PAGE, ignore_system_fonts=True)
