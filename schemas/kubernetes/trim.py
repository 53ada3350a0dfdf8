"""Make the documents in this directory from what an API server answers: `python schemas/kubernetes/trim.py FOLDER`.

FOLDER holds one OpenAPI v3 document per group-version (`kubectl get --raw /openapi/v3/apis/apps/v1`) and `discovery.json`
(group-version path -> its APIResourceList).  Kept is what the generator reads: every definition once, in the document of
the group-version that it belongs to, and the resources.  Paths, parameters and repetitions go: 6.5 MB become 1.5.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def home(name: str, documents: dict[str, Any]) -> str:
    """The document that a definition belongs to: `io.k8s.api.apps.v1.Deployment` -> apis_apps_v1.json."""
    package, version = name.split(".")[-3:-1]
    holders = [file for file, document in documents.items() if name in document["components"]["schemas"]]
    own = [
        file
        for file in holders
        if file == f"apis_{package}_{version}.json"
        or (file.startswith(f"apis_{package}.") and file.endswith(f"_{version}.json"))
    ]
    # core and apimachinery stand in the core document.
    return (own or holders)[0]


def main(folder: Path) -> None:
    documents = {path.name: json.loads(path.read_text()) for path in sorted(folder.glob("api*.json"))}
    trimmed: dict[str, Any] = {
        file: {"openapi": document["openapi"], "info": document["info"], "components": {"schemas": {}}}
        for file, document in documents.items()
    }
    for file, document in documents.items():
        for name, schema in document["components"]["schemas"].items():
            if home(name, documents) == file:
                if name.endswith((".DeleteOptions", ".WatchEvent")):  # of every group in turn: only noise
                    schema.pop("x-kubernetes-group-version-kind", None)
                trimmed[file]["components"]["schemas"][name] = schema
    trimmed["discovery.json"] = json.loads((folder / "discovery.json").read_text())
    for file, document in trimmed.items():
        (HERE / file).write_text(json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
