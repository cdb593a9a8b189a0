"""pymeterbus without what it does to a process's log: imported, it has every library write its lines to stderr."""

import logging

_ROOT = logging.getLogger()
_BEFORE = _ROOT.level, _ROOT.handlers.copy()

from meterbus import MBusFrameDecodeError, TelegramBody  # type: ignore[import-untyped]  # noqa: E402

_ROOT.setLevel(_BEFORE[0])
_ROOT.handlers[:] = _BEFORE[1]

__all__ = ["MBusFrameDecodeError", "TelegramBody"]
