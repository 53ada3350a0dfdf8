"""Getting both servers ready for a run: the CRDs that the real one takes, on both."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kubewright.errors import KubewrightError
from kubewright.testing.apiserver import APIServer
from kubewright.testing.envtest import EnvTest
from tests.conformance.fuzz.compare import Report, fuzz
from tests.conformance.fuzz.kinds import BUILTINS, Kind, custom_kinds
from tests.conformance.rawhttp import Endpoint


def install(
    embedded: APIServer, real: EnvTest, crds: Iterable[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[str]]:
    """The CRDs that are served by both now, and what the real server said of the others."""
    served: list[dict[str, Any]] = []
    refused: list[str] = []
    for crd in crds:
        try:
            real.install(crd, timeout=120)
        except KubewrightError as error:
            refused.append(str(error))
        else:
            embedded.install(crd, timeout=120)
            served.append(crd)
    return served, refused


def run(
    embedded: APIServer,
    real: EnvTest,
    crds: Iterable[dict[str, Any]],
    *,
    only: str = "",
    **options: Any,
) -> Report:
    """``fuzz`` over these (installed) CRDs and the built-ins; ``only`` picks kinds by a part of their names."""
    kinds: list[Kind] = [kind for kind in [*BUILTINS, *custom_kinds(list(crds))] if only in kind.kind]
    return fuzz(
        Endpoint(embedded.url, embedded.token),
        Endpoint(real.url, real.token, str(real.ca_file)),
        kinds,
        **options,
    )
