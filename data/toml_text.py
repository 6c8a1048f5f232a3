"""Values as TOML text: the standard library reads TOML and does not write it."""

from __future__ import annotations

import json
import re
from datetime import date, time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["toml_document", "toml_value"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_value(value: Any) -> str:
    """
    Return a value as TOML.

    Raises
    ------
    TypeError
        For a value that TOML has no form for.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(name)} = {toml_value(item)}" for name, item in value.items()) + " }" if value else "{}"
    raise TypeError(f"TOML has no form for {type(value).__name__}")


def _key(name: Any) -> str:
    text = str(name)
    return text if _BARE.fullmatch(text) else toml_value(text)


def toml_document(data: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    """Return nested mappings as a TOML document, a section for each."""
    plain = {name: value for name, value in data.items() if not isinstance(value, dict) and value is not None}
    lines = [f"{_key(name)} = {toml_value(value)}" for name, value in plain.items()]
    text = "\n".join(lines)
    if path and (lines or not data):
        text = f"[{'.'.join(_key(part) for part in path)}]\n{text}"
    parts = [text] if text else []
    parts += [toml_document(value, (*path, name)) for name, value in data.items() if isinstance(value, dict)]
    return "\n\n".join(part.rstrip("\n") for part in parts if part) + ("\n" if not path else "")
