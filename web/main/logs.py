"""Structured logs: JSON for machines, one readable line in a terminal; never a token or a password."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, Processor

_HIDDEN = "[hidden]"
_SECRET_NAMES = re.compile(r"token|password|passwd|secret|authorization|cookie|private_key|api_key", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]+"  # a JWT (RFC 7519) always begins like this: base64url of {"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # user:password in a URL
    r"|(?i:(?<=bearer )[\w.~+/-]{16,})"
)


def configure(form: Literal["auto", "json", "console"], level: str, **context: object) -> None:
    """Sends all logs of this process, also those of libraries, to standard error. `context` is on every line."""
    as_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    stamp = structlog.processors.TimeStamper(fmt="iso" if as_json else "%H:%M:%S", utc=as_json)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        stamp,
        structlog.processors.StackInfoRenderer(),
        hide_named_secrets,
    ]
    final: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if as_json:
        final += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    else:
        final += [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=32)]
    final.append(hide_secret_text)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=final, foreign_pre_chain=shared))
    logging.root.handlers = [handler]
    logging.root.setLevel(level.upper())
    for noisy in ("httpx", "httpcore", "websockets", "aioice", "alembic.runtime", "asyncio", "uvicorn.error"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**context)


def hide_named_secrets(logger: Any, method: str, event: EventDict) -> EventDict:
    """A structlog processor: values with a telling name become `[hidden]`."""
    for name, value in event.items():
        if _SECRET_NAMES.search(name) and isinstance(value, (str, bytes)):
            event[name] = _HIDDEN
    return event


def hide_secret_text(logger: Any, method: str, line: Any) -> str:
    """The last structlog processor: tokens and passwords inside the finished line become `[hidden]`."""
    return _SECRET_TEXT.sub(_HIDDEN, str(line))
