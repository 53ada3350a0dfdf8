"""The official package's shared informer. For custom resources it needs a wrapper, because it reads `.items` of a dict."""

from typing import Any

from harness import SENT, Meter, arguments
from kubernetes import client
from kubernetes.informer import ADDED, DELETED, MODIFIED, SharedInformer


class Page:
    """What the informer wants of a list: attributes."""

    def __init__(self, page: dict[str, Any]) -> None:
        self.items = page["items"]
        self.metadata = client.V1ListMeta(resource_version=page["metadata"]["resourceVersion"])


def main() -> None:
    """Run all phases."""
    args = arguments()
    configuration = client.Configuration()
    configuration.host = args.url
    api = client.ApiClient(configuration)
    if args.kind == "pod":
        list_function: Any = client.CoreV1Api(api).list_pod_for_all_namespaces
    else:
        custom = client.CustomObjectsApi(api)

        # The annotation matters: without it Watch does not track resourceVersion. (No `annotations` future import: it reads a class.)
        def list_function(**kwargs: Any) -> object:
            answer = custom.list_cluster_custom_object("stable.example.com", "v1", "tstests", **kwargs)
            return answer if kwargs.get("watch") else Page(answer)

    informer = SharedInformer(list_function)
    meter = Meter(args)

    def sent(obj: Any) -> Any:
        if not meter.wants_time:
            return None
        if isinstance(obj, dict):
            return obj["metadata"]["annotations"][SENT]
        return obj.metadata.annotations[SENT]

    for event in (ADDED, MODIFIED, DELETED):
        informer.add_event_handler(event, lambda obj: meter.event(sent(obj)))
    meter.begin()
    informer.start()
    meter.run()
    meter.leave()


main()
