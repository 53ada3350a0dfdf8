"""How Go prints values: ``%v``, ``%q`` and plain numbers, which is how they stand in the messages of the API."""

from __future__ import annotations

from kubewright.validation.jsontypes import JsonValue


def go_number(value: float) -> str:
    """Go's ``%v`` for a number: whole floats without a point, exponents from 1e+21."""
    if isinstance(value, int):
        return str(value)
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return repr(value).replace("e-0", "e-").replace("e-", "e-0" if "e-" in repr(value)[-3:] else "e-")


def go_quote(value: str) -> str:
    """Go's ``%q`` for the strings that occur here."""
    out = ['"']
    for char in value:
        if char in '"\\':
            out.append("\\" + char)
        elif char.isprintable():
            out.append(char)
        else:
            escape = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\v": "\\v"}.get(
                char
            )
            code = ord(char)
            out.append(
                escape
                or (f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
            )
    out.append('"')
    return "".join(out)


def go_text(value: JsonValue) -> str:
    """Go's ``%v`` of a decoded value."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return go_number(value)
    if isinstance(value, list):
        return f"[{' '.join(map(go_text, value))}]"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{go_text(value[key])}' for key in sorted(value))}]"
    return value
