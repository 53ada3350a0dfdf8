"""Every CRD that people publish is accepted or refused alike, in the same words.

The CRDs of ``schemas/`` always; a larger collection where one is on the machine: a folder of projects, named by
``KUBEWRIGHT_CRD_CORPUS`` or lying beside the checkout as ``../shared/crds``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kubewright.errors import ConfigError
from kubewright.testing.apiserver import APIServer
from kubewright.testing.envtest import EnvTest
from kubewright.testing.manifests import load_manifests
from tests.conformance.normalise import Normaliser
from tests.conformance.rawhttp import Answer, Connection, Endpoint
from tests.conformance.runner import differences

pytestmark = pytest.mark.conformance
ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("KUBEWRIGHT_CRD_CORPUS", ROOT.parent / "shared" / "crds"))
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All"
# Where the embedded server does less (CEL, conversion webhooks: docs/embedded-server.md) it says so in a warning of its own.
_SHOWN_LINES = 40
_OWN_WARNING = "embedded API server"


def definitions(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for file in sorted(folder.rglob("*.y*ml")):
        try:
            manifests = load_manifests(file)
        except ConfigError:  # templates and the like: the generator's corpus test reports them
            continue
        for manifest in manifests:
            if (
                manifest["kind"] == "CustomResourceDefinition"
                and manifest.get("apiVersion") == "apiextensions.k8s.io/v1"
            ):
                yield file, manifest


def judgement(answer: Answer) -> dict[str, Any]:
    """What must agree: accepted as what, or refused why."""
    body = Normaliser()(answer.body)
    if answer.status >= 400:
        return {"status": answer.status, "body": body}
    body["metadata"].pop("managedFields", None)
    warnings = [text for text in answer.header("warning") if _OWN_WARNING not in text]
    return {"status": answer.status, "warnings": sorted(warnings), "body": body}


def _explained(wanted: dict[str, Any]) -> bool:
    """Whether the real server refuses for what the embedded one does not look at (docs/embedded-server.md), and for nothing else."""
    causes: list[dict[str, str]] = (
        wanted["body"].get("details", {}).get("causes", []) if wanted["status"] == 422 else []
    )
    if any(cause["message"].endswith("dependencies is not supported") for cause in causes):
        return True  # an empty one, which our decoding forgets, makes other parts of the schema unusual too
    # CEL rules: their syntax, what each may cost, and what all together may.
    return bool(causes) and all(
        "x-kubernetes-validations" in cause["field"] or "cost" in cause["message"] for cause in causes
    )


def disagreements(folder: Path, embedded: APIServer, real: EnvTest) -> list[str]:
    ours = Connection(Endpoint(embedded.url, embedded.token))
    theirs = Connection(Endpoint(real.url, real.token, str(real.ca_file)))
    found: list[str] = []
    seen = 0
    for file, crd in definitions(folder):
        seen += 1
        body = json.dumps(crd).encode()
        wanted, got = (
            judgement(each.request("POST", _CRDS, body, {"Content-Type": "application/json"}))
            for each in (theirs, ours)
        )
        if wanted != got and not _explained(wanted):
            lines = differences([got], [wanted]).splitlines()
            found.append(
                "\n".join(
                    [f"{file.relative_to(folder)}: {crd.get('metadata', {}).get('name')}", *lines[1:_SHOWN_LINES]]
                )
            )
    ours.close()
    theirs.close()
    assert seen, f"no CRD below {folder}"
    return found


def test_own_schemas_are_judged_alike(embedded: APIServer, real: EnvTest) -> None:
    found = disagreements(ROOT / "schemas", embedded, real)
    assert not found, "\n".join(found)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no collection of CRDs at {CORPUS} (KUBEWRIGHT_CRD_CORPUS)")
def test_a_large_collection_is_judged_alike(embedded: APIServer, real: EnvTest) -> None:
    found = disagreements(CORPUS, embedded, real)
    assert not found, f"{len(found)} CRDs are judged differently (- real, + embedded):\n" + "\n".join(found)
