"""Docstring text out of what a schema says in words: description, default, format, bounds, rules.

None of it is enforced on reading (the cluster may be newer than the code), so the text is the only place where it lives.
It is untrusted: this module takes out what could mislead a reader (bidi and control characters); that it cannot leave
its docstring is the business of the renderer.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Sequence

from codegen.ir import Array, Doc, Enum, EnumValue, Map, Node

WIDTH = 100
# Control characters but newline and tab; bidi overrides and isolates; zero-width characters; lone surrogates.
_MISLEADING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def clean(text: str) -> str:
    """``text`` with line ends unified, tabs expanded and what a reader could not see made visible or removed."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    return _MISLEADING.sub(lambda m: f"<U+{ord(m.group()):04X}>", text)


def summary(text: str, limit: int = 100) -> str:
    """The first sentence of a description, on one line."""
    line = " ".join(clean(text).split("\n\n", 1)[0].split())
    sentence = re.split(r"(?<=[.!?])\s", line, maxsplit=1)[0]
    return sentence if len(sentence) <= limit else textwrap.shorten(sentence, limit, placeholder=" …")


def field_docstring(node: Node, *, length: int | None = None) -> str:
    """The docstring of a field: what its schema says, and what its type does not show."""
    unsaid: list[str] = []
    inner = node.items if isinstance(node, Array) else node.value if isinstance(node, Map) else node
    if isinstance(inner, Enum):
        values = ", ".join(_shown(value) for value in inner.values)
        unsaid.append(f"{'One of' if inner is node else 'Each one of'}: {values}")
    if isinstance(node, Array) and node.list_map_keys:
        # Who applies needs them: the server merges such lists item by item.
        unsaid.append(f"List map keys: {', '.join(node.list_map_keys)}")
    elif isinstance(node, Array) and node.list_type == "set":
        unsaid.append("List type: set")
    return docstring(node.doc, length=length, unsaid=unsaid)


def _shown(value: EnumValue) -> str:
    """A value as a reader would write it: quotes only where it would be unclear without."""
    if isinstance(value, str) and re.fullmatch(r"[\w.:/-]+", value):
        return value
    return json.dumps(value, ensure_ascii=False)


def docstring(doc: Doc, *, length: int | None = None, deprecation: str = "", unsaid: Sequence[str] = ()) -> str:
    """The whole docstring of a field or class; ``unsaid`` are facts that are not in ``doc``.

    ``length`` cuts the description (not the facts): 0 leaves it out, None keeps all.  Facts stand one a line and without a
    full stop, which would look like a part of a pattern.
    """
    parts: list[str] = []
    description = clean(doc.description).strip()
    if length is not None and 0 <= length < len(description):
        description = f"{description[:length].rstrip()} …" if length else ""
    if description:
        parts.append("\n".join(_wrap(line) for line in description.split("\n")))
    if deprecation:
        parts.append(_wrap(f"Deprecated: {clean(deprecation)}"))
    facts: list[str] = []
    if doc.default is not None:
        facts.append(f"Default (set by the server): {doc.default}")
    if doc.format:
        facts.append(f"Format: {doc.format}")
    facts.extend(unsaid)
    facts.extend(f"{limit[:1].upper()}{limit[1:]}" for limit in doc.limits)
    facts.extend(f"Rule: {rule}" for rule in doc.rules)
    if facts:
        parts.append("\n".join(_wrap(" ".join(clean(fact).split())) for fact in facts))
    return "\n\n".join(part for part in parts if part)


def _wrap(line: str) -> str:
    line = line.rstrip()
    if len(line) <= WIDTH:
        return line
    indent = line[: len(line) - len(line.lstrip())]
    # Words are never broken: a URL or an expression stays findable.
    return "\n".join(
        textwrap.wrap(
            line,
            WIDTH,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
            replace_whitespace=False,
        )
    )
