"""Names as Kubernetes restricts them where schemas speak of kinds and resources (RFC 1035 labels)."""

from __future__ import annotations

import re

_LABEL = "[a-z]([-a-z0-9]*[a-z0-9])?"
_LABEL_RE = re.compile(_LABEL)
_RULE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    f"and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '{_LABEL}')"
)


def dns1035_problems(value: str) -> list[str]:
    """What is wrong with a DNS-1035 label; empty when nothing is (apimachinery ``IsDNS1035Label``)."""
    problems = ["must be no more than 63 bytes"] if len(value.encode()) > 63 else []
    if _LABEL_RE.fullmatch(value) is None:
        problems.append(_RULE)
    return problems
