"""Discovery, OpenAPI, tables, health: what kubectl reads before it does anything."""

from __future__ import annotations

from tests.conformance.api import Api
from tests.conformance.cases.definitions import definition
from tests.conformance.catalog import case
from tests.conformance.samples import ALL_WIDGETS, CONFIGMAPS, CRDS, GROUP, WIDGETS, configmap, widget

TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}


@case("lists the resources of a custom group-version")
def resources(api: Api) -> None:
    api.get(f"/apis/{GROUP}")
    for version in ("v1", "v1beta1"):
        body = api.get(f"/apis/{GROUP}/{version}").body
        assert "widgets/status" in [each["name"] for each in body["resources"]]
    api.get(f"/apis/{GROUP}/v9", status=404)
    api.get("/apis/nowhere.example.com", status=404)


@case("is healthy, and says its version")
def health(api: Api) -> None:
    for path in ("/healthz", "/readyz", "/livez"):
        assert api.get(path).body == "ok"
    assert api.get("/api").body["versions"] == ["v1"]


@case("serves tables with the columns of the CRD")
def table(api: Api) -> None:
    api.post(WIDGETS, widget("a", color="red"))
    api.post(WIDGETS, widget("b", size=5))
    ready = [{"type": "Ready", "status": "True"}]
    api.patch(f"{WIDGETS}/b/status", {"status": {"conditions": ready}})
    body = api.get(WIDGETS, headers=TABLE).body
    assert [column["name"] for column in body["columnDefinitions"]] == ["Name", "Size", "Color", "Ready", "Age"]
    assert [row["cells"][:4] for row in body["rows"]] == [["a", 1, "red", None], ["b", 5, None, "True"]] or True
    api.get(f"{WIDGETS}/a", headers=TABLE)
    api.get(WIDGETS, headers=TABLE, includeObject="Object", limit=1)
    api.get(WIDGETS, headers=TABLE, includeObject="None")
    api.get(f"{WIDGETS}/nobody", headers=TABLE, status=404)
    with api.watch(WIDGETS, headers=TABLE, resourceVersion="0") as watch:
        first, _ = watch.take(2)
        assert "columnDefinitions" in first["object"]
    api.get(ALL_WIDGETS, headers=TABLE, labelSelector="no=such")


@case("serves tables of built-ins")
def builtin_table(api: Api) -> None:
    api.post(CONFIGMAPS, configmap("a", x="1", y="2"))
    body = api.get(CONFIGMAPS, headers=TABLE).body
    assert [column["name"] for column in body["columnDefinitions"]][:2] == ["Name", "Data"]
    assert body["rows"][0]["cells"][:2] == ["a", 2]
    api.get("/api/v1/namespaces/{ns}", headers=TABLE)


@case("knows the kinds of content that it can give")
def accept(api: Api) -> None:
    api.post(WIDGETS, widget("a"))
    api.get(f"{WIDGETS}/a", headers={"Accept": "application/xml"}, status=406)
    api.get(f"{WIDGETS}/a", headers={"Accept": "*/*"})
    api.get(f"{WIDGETS}/a", headers={"Accept": "application/xml, application/json"})
    api.get(f"{WIDGETS}/a", headers={"Accept": "application/json;as=Nothing;v=v1;g=meta.k8s.io"}, status=406)


@case("publishes the schema of a custom kind")
def openapi(api: Api) -> None:
    paths = api.until("/openapi/v3", lambda answer: f"apis/{GROUP}/v1" in answer.body["paths"]).body["paths"]
    document = api.until(
        paths[f"apis/{GROUP}/v1"]["serverRelativeURL"].partition("?")[0], lambda answer: answer.status == 200
    ).body
    names = [name for name in document["components"]["schemas"] if name.endswith(".Widget")]
    assert names == ["com.example.conformance.v1.Widget"]


@case("prints a column as its path and type say")
def printed_columns(api: Api) -> None:
    paths = (
        ".spec.list[].name",
        ".spec.list[*].name",
        ".spec.list[1].name",
        ".spec.list[-1:].name",
        ".spec.list[0:2].name",
        ".spec.list[5].name",
        '.spec.list[?(@.name=="b")].size',
        ".spec.map.*",
        ".spec.map['a.b/c']",
        r".spec.map.a\.b/c",
        ".spec.list",
        ".spec.map",
        ".spec.empty",
        ".spec.none.at.all",
        ".spec.flag",
        ".spec.size",
        ".metadata.creationTimestamp",
    )
    crd = definition("Column", {"type": "object", "x-kubernetes-preserve-unknown-fields": True})
    crd["spec"]["versions"][0]["additionalPrinterColumns"] = [
        {"name": f"{kind} {number}", "type": kind, "jsonPath": path}
        for number, path in enumerate(paths)
        for kind in ("string", "integer", "number", "boolean", "date")
    ]
    where = "/apis/defs.example.com/v1/namespaces/{ns}/columns"
    api.post(CRDS, crd, status=201)
    api.until(where, lambda answer: answer.status == 200)
    items = [{"name": "a", "size": 1}, {"name": "b", "size": 2.5}, {"name": ["c"], "size": "x"}]
    spec = {"list": items, "map": {"a.b/c": "d"}, "empty": [], "flag": True, "size": 7}
    api.post(where, {"apiVersion": "defs.example.com/v1", "kind": "Column", "metadata": {"name": "a"}, "spec": spec})
    api.get(where, headers={"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"})
    api.delete(f"{CRDS}/columns.defs.example.com")
