"""What visitors say here: a line of plain text, and the browser that said it."""

from app.errors import BadInput
from app.spec import content_id


def hashed(browser: str) -> str:
    """What is kept of a browser's cookie: enough to know it again, nothing to pretend with."""
    return content_id("browser", browser)


def line(value: object, field: str, longest: int) -> str:
    """Plain text of one line, without surrounding space. Raises `BadInput` naming the field and the limit."""
    if value is not None and not isinstance(value, str):
        raise BadInput(f"{field}: send text.", field=field)
    text = (value or "").strip()
    if not text.isprintable():
        raise BadInput(f"{field}: one line of plain text, without control characters.", field=field)
    if len(text) > longest:
        raise BadInput(f"{field} may have at most {longest} characters, but has {len(text)}. Shorten it.", field=field)
    return text
