"""The floor: urllib3 and msgspec, bytes in a dict, a namespace index, a handler call per event; no fault handling whatever.

What an informer costs beside this is what its promises cost. `typed` decodes for every handler call, `keys` never.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import msgspec
import urllib3
from harness import SENT, Meter, arguments
from models import PODS, TSTESTS, TsTest
from msgspec import Raw


class Meta(msgspec.Struct, gc=False, rename="camel"):
    """What a cache must know."""

    name: str
    namespace: str
    resource_version: str
    uid: str
    labels: dict[str, str] | None = None


class Head(msgspec.Struct, gc=False):
    """An object's outside."""

    metadata: Meta


class ListMeta(msgspec.Struct, gc=False, rename="camel"):
    """A list's outside."""

    resource_version: str
    continue_: str = msgspec.field(default="", name="continue")


class Page(msgspec.Struct, gc=False):
    """A list page."""

    metadata: ListMeta
    items: list[Raw]


class Event(msgspec.Struct, gc=False):
    """A watch event."""

    type: str
    object: Raw


def main() -> None:
    """Run all phases."""
    args = arguments()
    model: Any = TsTest
    resource = TSTESTS
    if args.kind == "pod":
        from kubewright.api.models.core_v1 import Pod

        model, resource = Pod, PODS
    pool = urllib3.connection_from_url(args.url)
    meter = Meter(args)
    decode_page = msgspec.json.Decoder(Page).decode
    decode_event = msgspec.json.Decoder(Event).decode
    decode_head = msgspec.json.Decoder(Head).decode
    decode_model = msgspec.json.Decoder(model).decode
    typed = args.mode == "typed"
    cache: dict[tuple[str, str], tuple[Head, bytes]] = {}
    index: dict[str, dict[tuple[str, str], bytes]] = {}

    def keep(raw: Raw) -> None:
        head = decode_head(raw)
        key = (head.metadata.namespace, head.metadata.name)
        body = bytes(raw)
        cache[key] = (head, body)
        index.setdefault(head.metadata.namespace, {})[key] = body

    def handle(raw: Raw) -> None:
        if typed:
            obj = decode_model(raw)
            meter.event(obj.metadata.annotations[SENT])
        elif meter.wants_time:
            meter.event(decode_model(raw).metadata.annotations[SENT])
        else:
            meter.event(None)

    def follow() -> None:
        query = "?limit=500&resourceVersion=0"
        while True:
            page = decode_page(pool.request("GET", resource.path() + query).data)
            for raw in page.items:
                keep(raw)
                handle(raw)
            if not page.metadata.continue_:
                break
            query = f"?limit=500&continue={page.metadata.continue_}"
        version = page.metadata.resource_version
        del page, raw
        stream: Any = pool.request(
            "GET",
            f"{resource.path()}?watch=true&resourceVersion={version}",
            preload_content=False,
        )
        rest = b""
        for chunk in stream.read_chunked():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                event = decode_event(line)
                if event.type == "DELETED":
                    head = decode_head(event.object)
                    key = (head.metadata.namespace, head.metadata.name)
                    cache.pop(key, None)
                    index[head.metadata.namespace].pop(key, None)
                else:
                    keep(event.object)
                handle(event.object)

    meter.begin()
    threading.Thread(target=follow, daemon=True).start()
    meter.run()
    meter.leave()


main()
