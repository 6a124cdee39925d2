"""The log as JSON, one object a line, for machines that gather logs."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from app.web.request_log import request_id


class JsonLines(logging.Formatter):
    """A record as one line: when, how bad, who says so, what; the request it belongs to and the fields it brings."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonLines}},
    "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
    "root": {"handlers": ["lines"], "level": "WARNING"},
    "loggers": {"uvicorn": {"level": "INFO"}, "app.web.request_log": {"level": "INFO"}},
}
"""For `logging.config.dictConfig`. uvicorn's own log of requests is left out: ours says more."""
