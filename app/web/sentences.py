"""Validation errors as sentences that name the field, the limit and what was given."""

from collections.abc import Mapping
from typing import Any

_LIMITS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("greater than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}
_KINDS = {
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number of at most nine digits",
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
}


def sentence(error: Mapping[str, Any]) -> str:
    """Say one of pydantic's errors in words: field, limit, what was given, remedy."""
    field = field_of(error)
    kind, context, given = error["type"], error.get("ctx", {}), _shown(error.get("input"))
    if kind in _LIMITS:
        words, key = _LIMITS[kind]
        return f"{field} must be {words} {context[key]:,}, but {given} was given. Choose a value within that limit."
    if kind in _KINDS:
        return f"{field} must be {_KINDS[kind]}, but {given} was given."
    if kind == "missing":
        return f"{field} is missing. Fill it in and send the form again."
    if kind == "literal_error":
        return f"{field} must be one of {context['expected']}, but {given} was given."
    if kind == "string_too_long":
        return f"{field} may have at most {context['max_length']} characters. Shorten it."
    if kind == "string_too_short":
        return f"{field} may not be empty. Fill it in and send the form again."
    if kind == "extra_forbidden":
        return f"{field} is no field of this form. Leave it out."
    return f"{str(error['msg']).removeprefix('Value error, ')}."


def field_of(error: Mapping[str, Any]) -> str:
    """The name of the field at fault; errors of the whole form carry none, but their sentence begins with it."""
    names = [str(part) for part in error["loc"] if part not in ("body", "query", "path")]
    if names:
        return names[-1]
    first = str(error.get("msg", "")).removeprefix("Value error, ").partition(" ")[0]
    return first if first.islower() else "The form"


def _shown(value: Any) -> str:
    text = str(value)
    return f"\N{LEFT DOUBLE QUOTATION MARK}{text[:60]}{'…' if len(text) > 60 else ''}\N{RIGHT DOUBLE QUOTATION MARK}"
