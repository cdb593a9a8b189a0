"""Logs: one JSON object a line on standard output, with the correlation id of whatever is being handled."""

import logging
import sys
from uuid import uuid4

import structlog

CORRELATION = "correlation_id"


def configure(service: str) -> None:
    """Set up logging for a process, its libraries' warnings too. Call once, first thing in `main`."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendered: list[structlog.typing.Processor] = [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ]
    # Libraries write by the standard module; their lines become JSON too, or a reader of the log would stumble.
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    structlog.configure(
        processors=[*shared, *rendered],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)


def get_logger() -> structlog.stdlib.BoundLogger:
    """Give the logger; its first argument is the event's name, the rest are its fields."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger()
    return logger


def bind_correlation(correlation_id: str | None) -> str:
    """Tie what is logged from here on, in this task, to one request or message. A missing id is made anew."""
    correlation_id = correlation_id or uuid4().hex
    structlog.contextvars.bind_contextvars(**{CORRELATION: correlation_id})
    return correlation_id


def correlation_id() -> str:
    """Give the id that `bind_correlation` tied to what runs now; empty where there is none."""
    return str(structlog.contextvars.get_contextvars().get(CORRELATION, ""))
