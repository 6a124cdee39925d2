"""Canonical JSON, and the ids made from it."""

import hashlib
import json
from typing import Any

ID_LENGTH = 16  # hex digits, 64 bits: a collision needs billions of renders


def canonical_json(value: Any) -> str:
    """Serialise so that equal values give equal text: sorted keys, no spaces, plain ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def content_id(*parts: bytes | str) -> str:
    """Hash the parts, each preceded by its length so that no two lists collide, to `ID_LENGTH` hex digits."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()[:ID_LENGTH]
