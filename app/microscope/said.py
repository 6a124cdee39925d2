"""What visitors say here: a line of plain text or a longer one, their vote, and the browser that said it."""

import hmac
import unicodedata

from app.errors import BadInput
from app.spec import content_id

_SPACED = "\n\t\u200c\u200d"  # line, tabulator, and what joins letters or keeps them apart
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def hashed(browser: str) -> str:
    """What is kept of a browser's cookie: enough to know it again, nothing to pretend with."""
    return content_id("browser", browser)


def is_of(owner: str, browser: str | None) -> bool:
    """Whether what the browser of the hash `owner` made is this browser's; compared in constant time."""
    return browser is not None and hmac.compare_digest(owner, hashed(browser))


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


def passage(value: object, field: str, longest: int) -> str:
    """Text of several lines, without surrounding space. Letters may be joined invisibly, as in emoji and Indic scripts;
    what turns the reading order around or cannot be shown is refused. Raises `BadInput` naming the field and the limit."""
    if value is not None and not isinstance(value, str):
        raise BadInput(f"{field}: send text.", field=field)
    text = (value or "").replace("\r\n", "\n").replace("\r", "\n").strip()
    hidden = next((each for each in text if each not in _SPACED and unicodedata.category(each) in _UNSHOWN), None)
    if hidden is not None:
        raise BadInput(f"{field}: the character U+{ord(hidden):04X} cannot be shown. Leave it out.", field=field)
    if len(text) > longest:
        raise BadInput(
            f"{field} may have at most {longest:,} characters, but has {len(text):,}. Shorten it.", field=field
        )
    return text


def chosen_vote(vote: object) -> bool | None:
    """Whether a vote is for something; None takes it back. Raises `BadInput`."""
    if vote not in ("up", "down", "none"):
        raise BadInput("vote: send up, down, or none to take it back.", field="vote")
    return None if vote == "none" else vote == "up"
