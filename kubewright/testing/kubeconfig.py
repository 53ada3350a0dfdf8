"""A kubeconfig for a test server, so that kubectl and other people's clients find it. JSON is YAML: no library needed."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any, Final

_NAME: Final = "kubewright"


def kubeconfig_text(url: str, *, token: str | None = None, ca_pem: bytes | None = None) -> str:
    """One cluster, one user, one context, all called ``kubewright``; the CA and the token are inside the text."""
    cluster: dict[str, Any] = {"server": url}
    if ca_pem is not None:
        cluster["certificate-authority-data"] = base64.b64encode(ca_pem).decode("ascii")
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": _NAME, "cluster": cluster}],
        "users": [{"name": _NAME, "user": {"token": token} if token is not None else {}}],
        "contexts": [{"name": _NAME, "context": {"cluster": _NAME, "user": _NAME, "namespace": "default"}}],
        "current-context": _NAME,
    }
    return json.dumps(document, indent=2) + "\n"


def write_kubeconfig(path: Path | str, text: str) -> Path:
    """Write it readable for this user only (it may hold a token), by an atomic rename; returns the path."""
    target = Path(path)
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        scratch.replace(target)
    finally:
        scratch.unlink(missing_ok=True)
    return target
