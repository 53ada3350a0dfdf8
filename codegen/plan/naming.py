"""Wire names to Python names: pure functions from `str` to `str`, so that a name can be argued about in one place.

Datamodel-code-generator's own rule mangles plural acronyms (``podIPs`` became ``pod_i_ps``: 973 uses in real CRDs) and
numbers whatever collides, so its output would rename classes when unrelated parts of a schema change.  These rules
never invent a number: colliding names get a trailing underscore, in the order of their wire names.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Mapping

# One word of a wire name, longest first: IPv4, OAuth; plural acronym (IPs, CIDRs); acronym before a capitalised word;
# acronym with digits (EC2); a capitalised word; a lower-case word; digits; anything else that is a letter (non-Latin scripts).
_WORD = re.compile(
    r"IPv[46]|OAuth2?"
    r"|V\d+(?:(?:alpha|beta)\d+)?(?![a-z])"
    r"|[A-Z]{2,}s(?![a-z])"
    r"|[A-Z]+(?=V\d+(?![a-z]))"
    r"|[A-Z]+(?=[A-Z][a-z])"
    r"|[A-Z]{2,}[0-9]*(?![a-z])"
    r"|[A-Z][a-z0-9]*"
    r"|[a-z][a-z0-9]*"
    r"|[0-9]+[a-z]*"
    r"|[^\W_]"
)
# tLSConfig, mTLS, gRPC, eBPF: one lower-case letter glued to an acronym is part of it.
_GLUED = re.compile(r"^([a-z])([A-Z]{2,})(?=[A-Z][a-z]|[^A-Za-z]|$)")

# Singular forms that no rule finds; everything else is judged by its ending.
_SINGULAR = {
    "aliases": "alias",
    "axes": "axis",
    "children": "child",
    "indices": "index",
    "matrices": "matrix",
    "people": "person",
    "statuses": "status",
    "vertices": "vertex",
}
# These end like plurals and are none.
_NOT_PLURAL = frozenset(
    {
        "alias", "atlas", "aws", "bias", "canvas", "cephfs", "dns", "ecs", "efs", "eks", "gcs", "https", "ingress", "kms",
        "kubernetes", "lens", "news", "nfs", "postgres", "redis", "series", "sns", "species", "sqs", "tls",
    }
)  # fmt: skip


def words(wire: str) -> list[str]:
    """Split a wire name where a reader would: ``podIPs`` into ``pod`` and ``IPs``, ``openAPIV3Schema`` into four."""
    text = unicodedata.normalize("NFKC", wire)
    found: list[str] = []
    for chunk in re.split(r"[\W_]+", text):
        glued = _GLUED.match(chunk)
        if glued:
            found.append(glued.group(0))
            chunk = chunk[glued.end() :]
        last = 0 if glued else -1
        for match in _WORD.finditer(chunk):
            # Letters without case (and accented ones) come one by one: put them back together.
            word = match.group(0)
            if match.start() == last and (not word.isascii() or (not found[-1].isascii() and word.islower())):
                found[-1] += word
            else:
                found.append(word)
            last = match.end()
    return found


def snake_case(wire: str) -> str:
    """The attribute name of a wire name, before reserved names and collisions: ``externalIPs`` -> ``external_ips``."""
    return _identifier("_".join(word.lower() for word in words(wire)), "field", "_")


def pascal_case(wire: str) -> str:
    """The class-name form of a wire name; the inside of a word is kept: ``tlsConfig`` -> ``TlsConfig``, ``HTTPGet`` stays.

    It always begins with a capital, so that it is never the name of an attribute.
    """
    name = _identifier("".join(word[0].upper() + word[1:] for word in words(wire)), "Field")
    return name if name[0].isupper() else f"Field{name}"


def _identifier(name: str, prefix: str, joint: str = "") -> str:
    """``name`` as Python takes it; ``prefix`` stands for nothing, and before what is no letter."""
    name = unicodedata.normalize("NFKC", name)
    if not name:
        return prefix
    if not name[0].isalpha():
        name = f"{prefix}{joint}{name}"
    return name if name.isidentifier() else "".join(c if f"a{c}".isidentifier() else "_" for c in name)


def singular(wire: str) -> str:
    """The name of one item of a list called ``wire``; what does not look like a plural is left alone."""
    parts = words(wire)
    if not parts:
        return wire
    last = parts[-1]
    start = wire.rfind(last)
    if start < 0:  # normalisation changed the text: rare scripts, no English plural
        return wire
    return wire[:start] + _singular_word(last) + wire[start + len(last) :]


def _singular_word(word: str) -> str:
    lower = word.lower()
    for plural, single in _SINGULAR.items():
        if lower == plural:
            return word[0] + single[1:] if word[0].lower() == single[0] else single
    if len(lower) < 4 and not (len(word) == 3 and word[:2].isupper()):
        return word
    if lower in _NOT_PLURAL or not lower.endswith("s") or word.endswith("S"):
        return word
    if lower.endswith(("ss", "us", "is")):
        return word
    if lower.endswith("ies") and len(lower) > 4:
        return word[:-3] + "y"
    if lower.endswith(("sses", "shes", "xes")) or (lower.endswith("ches") and not lower.endswith("aches")):
        return word[:-2]
    return word[:-1]


def attribute_names(wires: Iterable[str], reserved: frozenset[str] = frozenset()) -> dict[str, str]:
    """Distinct attribute names for the properties of one object.

    Keywords and ``reserved`` names get a trailing underscore; of several wire names with one Python name, those after the
    first (in the order of the wire names) get underscores until they are distinct.  A wire name that already *is* its
    Python name always keeps it.
    """
    ordered = sorted(set(wires))
    taken: set[str] = set()
    result: dict[str, str] = {}
    for identity in (True, False):
        for wire in ordered:
            name = snake_case(wire)
            if (name == wire) is not identity:
                continue
            while name in taken or name in reserved or keyword.iskeyword(name):
                name += "_"
            taken.add(name)
            result[wire] = name
    return result


def module_name(label: str, version: str) -> str:
    """The module and attribute of a group-version: ``stable`` and ``v1`` -> ``stable_v1``.

    ``label`` is the group's first label or the whole group; dots and dashes become underscores.
    """
    text = re.sub(r"[^0-9a-z]+", "_", f"{label}_{version}".lower()).strip("_")
    return text if text[:1].isalpha() else f"group_{text}"


def group_labels(
    groups: Iterable[str], built_in: frozenset[str], pins: Mapping[str, str] | None = None
) -> dict[str, str]:
    """How each CRD group is called in attributes: its first label, or the whole group where that would clash.

    Lengthened are *all* groups whose first label is shared with another group of the input or with a built-in group, so
    the result does not depend on order.  ``pins`` (group -> label, from the configuration) win.  The core group is ``core``.
    """
    pins = pins or {}
    names = sorted(set(groups))
    by_label: dict[str, list[str]] = {}
    for group in names:
        by_label.setdefault(_first_label(group), []).append(group)
    result: dict[str, str] = {}
    for group in names:
        label = _first_label(group)
        unique = len(by_label[label]) == 1 and label not in built_in
        result[group] = pins.get(group) or (label if unique else group)
    return result


def _first_label(group: str) -> str:
    return group.split(".", 1)[0].replace("-", "_") or "core"


def plural_attribute(plural: str, reserved: frozenset[str] = frozenset()) -> str:
    """The attribute of a resource on its group client: its plural as an identifier (``tstests``)."""
    name = re.sub(r"[^0-9a-zA-Z]+", "_", plural).lower().strip("_") or "resources"
    if not name[0].isalpha():
        name = f"resource_{name}"
    while keyword.iskeyword(name) or name in reserved:
        name += "_"
    return name


def kind_class(kind: str) -> str:
    """The class of a kind: the kind itself, with a capital first letter (``postgresql`` -> ``Postgresql``)."""
    text = kind[:1].upper() + kind[1:]
    if text.isidentifier() and not keyword.iskeyword(text) and text.isascii():
        return text
    return pascal_case(kind)


def plural_class(kind: str) -> str:
    """The English plural of a kind's class name, for the client of all its objects (``TsTest`` -> ``TsTests``)."""
    lower = kind.lower()
    if lower.endswith(("ss", "sh", "ch", "x", "z", "us", "is")):
        return f"{kind}es"
    if lower.endswith("s"):
        return f"All{kind}"
    if lower.endswith("y") and lower[-2:-1] not in tuple("aeiou"):
        return f"{kind[:-1]}ies"
    return f"{kind}s"
