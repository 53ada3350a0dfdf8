"""The embedded API server without its sockets: a request in, an answer or a stream of events out.

This is where a path meets a verb. Everything below (storage, strategy, patches, watches) knows one thing each; here is
the order in which they are asked. Any thread may call ``handle``.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable

from kubewright.clock import Clock, RealClock
from kubewright.testing.server import statuses, subresources
from kubewright.testing.server.answers import allowed, check_name, response, unsupported
from kubewright.testing.server.bodies import Notes, read_object
from kubewright.testing.server.deleting import delete
from kubewright.testing.server.direct import create_directly, update_directly
from kubewright.testing.server.documents import Json
from kubewright.testing.server.garbage import GarbageCollector, NamespaceCleaner
from kubewright.testing.server.listing import check_options, parse_revision, read_page
from kubewright.testing.server.messages import ServerRequest, ServerResponse, StatusError, WatchStream
from kubewright.testing.server.metadata import timestamp, wipe_system_fields
from kubewright.testing.server.options import delete_options, write_options
from kubewright.testing.server.ownership import Ownership
from kubewright.testing.server.patches import APPLY_PATCH, applied, patch_type, patched
from kubewright.testing.server.registry import Registry, ServedResource
from kubewright.testing.server.represent import Representation, decode
from kubewright.testing.server.routing import Route, parse_path
from kubewright.testing.server.scale import rescaled, scale_of
from kubewright.testing.server.selection import parse_selectors, selection
from kubewright.testing.server.store import Entry, EventType, ResourceName, Storage
from kubewright.testing.server.watching import Watchers
from kubewright.testing.server.writing import Writer
from kubewright.validation import Scale

Answer = ServerResponse | WatchStream
OnStored = Callable[[EventType, ServedResource, Json], None]
BOOTSTRAP_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")


class API:
    """The server's heart.

    ``fallback`` is asked for every path that names no served resource (discovery, OpenAPI, health). Listeners in
    ``on_stored`` hear of every committed write, after the lock is released and in order. ``collect_garbage`` deletes
    objects whose owners are gone, as the controller manager of a cluster does.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        clock: Clock | None = None,
        fallback: Callable[[ServerRequest], ServerResponse | None] | None = None,
        collect_garbage: bool = False,
    ) -> None:
        self.registry = registry
        self.clock = clock or RealClock()
        self.fallback = fallback
        self.storage = Storage(self.clock.now)
        self.writer = Writer(self.storage, registry, self.clock)
        self.ownership = Ownership(registry, lambda: timestamp(self.clock.time()))
        self.watchers = Watchers(self.storage, self.clock.now)
        self.on_stored: list[OnStored] = [NamespaceCleaner(self.writer)]
        if collect_garbage:
            self.on_stored.append(GarbageCollector(self.writer))
        self._announcing = threading.RLock()
        for name in BOOTSTRAP_NAMESPACES:
            self.create_object({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        registry.on_change(self._open_collections)
        self._open_collections()

    def handle(self, request: ServerRequest) -> Answer:
        """Answer one request; a refusal is an answer, too. Never raises for anything a client can send."""
        notes = Notes()
        try:
            answer = self._dispatch(request, notes)
        except StatusError as error:
            answer = error.response()
        finally:
            self._announce()
        if notes.texts and isinstance(answer, ServerResponse):
            return ServerResponse(answer.status, answer.body, (*answer.headers, *notes.headers()))
        return answer

    def _open_collections(self) -> None:
        """Begin the history of every kind when it begins to be served: earlier revisions are expired from the start."""
        with self.storage.lock:
            for served in self.registry.all():
                self.writer.collection(served)

    def tick(self) -> None:
        """Let time pass: history grows old, bookmarks are due, watches end. To be called about once a second."""
        with self.storage.lock:
            self.storage.tick()
        self.watchers.tick()

    def close(self) -> None:
        """End all watches."""
        self.watchers.end_all()

    def create_object(self, obj: Json) -> Json:
        """Store an object without a request: no validation, status kept, system fields filled in where missing.

        Raises StatusError when the kind is not served or the name is taken.
        """
        created = create_directly(self.writer, obj)
        self._announce()
        return created

    def update_object(self, obj: Json) -> Json:
        """Replace a stored object without a request and without checks; raises 404. Writes nothing when it is equal.

        An object that is being deleted and has no finalizers left is removed.
        """
        updated = update_directly(self.writer, obj)
        self._announce()
        return updated

    def _announce(self) -> None:
        stored = self.writer.stored
        if not stored:
            return
        with self._announcing:
            while stored:
                try:
                    kind, served, obj = stored.popleft()
                except IndexError:
                    return
                for listener in self.on_stored:
                    listener(kind, served, obj)

    def _dispatch(self, request: ServerRequest, notes: Notes) -> Answer:
        route = parse_path(request.path)
        served = None if route is None else self.registry.lookup(route.group, route.version, route.plural)
        if route is None or served is None:
            answer = self.fallback(request) if self.fallback is not None else None
            if answer is None:
                raise self._nothing_at(route)
            return answer
        if bool(route.namespace) and not served.resource.namespaced:
            raise statuses.no_such_resource()
        if served.deprecation_warning:
            notes.add(served.deprecation_warning)
        if route.subresource:
            return self._subresource(request, route, served, notes)
        if route.name:
            if served.resource.namespaced and not route.namespace:
                raise statuses.no_such_resource()
            return self._object(request, route, served, notes)
        return self._collection(request, route, served, notes)

    def _nothing_at(self, route: Route | None) -> StatusError:
        """404 in the form of whoever would have answered: a Status inside a built-in group, plain text elsewhere."""
        if route is not None:
            for served in self.registry.all():
                resource = served.resource
                if served.builtin and (resource.group, resource.version) == (route.group, route.version):
                    return statuses.unknown_resource()
        return statuses.no_such_resource()

    def _collection(self, request: ServerRequest, route: Route, served: ServedResource, notes: Notes) -> Answer:
        method = request.method
        if method in ("GET", "HEAD"):
            if route.watch or request.flag("watch"):
                return self._watch(request, route, served)
            return self._list(request, route, served)
        if served.resource.namespaced and not route.namespace:
            raise statuses.method_not_allowed() if served.builtin else statuses.no_such_resource()
        if method == "POST":
            allowed(served, "create")
            return self._create(request, route, served, notes)
        if method == "DELETE":
            allowed(served, "deletecollection")
            return self._delete_collection(request, route, served)
        raise statuses.method_not_allowed() if served.builtin else statuses.bad_request("name must be provided")

    def _object(self, request: ServerRequest, route: Route, served: ServedResource, notes: Notes) -> Answer:
        method = request.method
        if method in ("GET", "HEAD"):
            if route.watch:
                return self._watch(request, route, served)
            return self._get(request, route, served)
        if method == "POST" and not served.builtin:
            allowed(served, "create")
            return self._create(request, route, served, notes)
        if method == "PUT":
            allowed(served, "update")
            return self._update(request, route, served, notes)
        if method == "PATCH":
            allowed(served, "patch")
            return self._patch(request, route, served, notes)
        if method == "DELETE":
            allowed(served, "delete")
            shown = Representation(served, request)
            options = delete_options(request)
            with self.storage.lock:
                result = delete(self.writer, served, route.namespace, route.name, options)
            status = 202 if isinstance(result, Entry) and options.orphan_dependents is False else 200
            body = shown.body(result) if isinstance(result, Entry) else shown.document(result)
            return response(status, body, shown)
        raise statuses.method_not_allowed()

    def _subresource(self, request: ServerRequest, route: Route, served: ServedResource, notes: Notes) -> Answer:
        if route.subresource == "status" and served.has_status:
            if request.method in ("GET", "HEAD"):
                return self._get(request, route, served)
            if request.method == "PUT":
                return self._update(request, route, served, notes)
            if request.method == "PATCH":
                return self._patch(request, route, served, notes)
            raise unsupported(request, served)
        if route.subresource == "scale" and served.scale is not None:
            return self._scale(request, route, served, served.scale, notes)
        if subresources.is_offered(served, route.subresource):
            return self._special(request, route, served, notes)
        if served.builtin:
            raise statuses.unknown_resource()
        raise statuses.not_found(served.resource.group, served.resource.plural, route.name)

    def _special(self, request: ServerRequest, route: Route, served: ServedResource, notes: Notes) -> Answer:
        """Subresources of built-in kinds that are no part of the object (eviction), or the object itself (finalize)."""
        method = request.method
        if route.subresource in subresources.CREATED and method == "POST":
            shown = Representation(served, request)
            return response(201, shown.document(subresources.create(self.writer, served, route, request)), shown)
        if route.subresource in subresources.AS_THE_OBJECT:
            if method in ("GET", "HEAD"):
                return self._get(request, route, served)
            if method == "PUT":
                return self._update(request, route, served, notes)
            if method == "PATCH":
                return self._patch(request, route, served, notes)
        raise statuses.unknown_resource()

    def _scale(
        self, request: ServerRequest, route: Route, served: ServedResource, paths: Scale, notes: Notes
    ) -> Answer:
        shown = Representation(served, request)
        if request.method in ("GET", "HEAD"):
            with self.storage.lock:
                entry = self.writer.live(served, route.namespace, route.name)
        elif request.method in ("PUT", "PATCH"):
            options = write_options(request, "UpdateOptions" if request.method == "PUT" else "PatchOptions")

            def change(live: Json | None) -> Json:
                if live is None:
                    raise statuses.not_found(served.resource.group, served.resource.plural, route.name)
                obj = rescaled(copy.deepcopy(live), request, served, paths)
                self.ownership.updated(live, obj, served, options.manager, "scale")
                return obj

            with self.storage.lock:
                entry, _ = self.writer.update(
                    served, route.namespace, route.name, change, options, notes, subresource="scale"
                )
        else:
            raise unsupported(request, served)
        return response(200, shown.document(scale_of(decode(shown.raw(entry)), paths)), shown)

    def _get(self, request: ServerRequest, route: Route, served: ServedResource) -> Answer:
        shown = Representation(served, request)
        wanted = parse_revision(request.param("resourceVersion"))
        with self.storage.lock:
            if wanted > self.storage.revision:
                raise statuses.too_large_resource_version(wanted, self.storage.revision)
            entry = self.writer.live(served, route.namespace, route.name)
        return response(200, shown.body(entry), shown)

    def _list(self, request: ServerRequest, route: Route, served: ServedResource) -> Answer:
        shown = Representation(served, request)
        parse_selectors(request)
        check_options(request, watch=False)
        selected = selection(served, route.namespace, request)
        with self.storage.lock:
            page = read_page(self.storage, self.writer.collection(served), selected, request)
        body = shown.list_body(page.entries, revision=page.revision, continue_=page.continue_, remaining=page.remaining)
        return response(200, body, shown)

    def _watch(self, request: ServerRequest, route: Route, served: ServedResource) -> Answer:
        shown = Representation(served, request)
        parse_selectors(request)
        check_options(request, watch=True)
        selected = selection(served, route.namespace, request, name=route.name)
        with self.storage.lock:
            return self.watchers.open(self.writer.collection(served), selected, shown, request)

    def _create(self, request: ServerRequest, route: Route, served: ServedResource, notes: Notes) -> Answer:
        shown = Representation(served, request)
        options = write_options(request, "CreateOptions")
        obj = read_object(request, served, options.field_validation, notes)
        wipe_system_fields(obj["metadata"])
        self.ownership.updated(None, obj, served, options.manager)
        with self.storage.lock:
            entry = self.writer.create(served, route.namespace, obj, options, notes)
        return response(201, shown.body(entry), shown)

    def _update(self, request: ServerRequest, route: Route, served: ServedResource, notes: Notes) -> Answer:
        shown = Representation(served, request)
        options = write_options(request, "UpdateOptions")
        obj = read_object(request, served, options.field_validation, notes)
        check_name(obj, route.name)

        def change(live: Json | None) -> Json:
            self.ownership.updated(live, obj, served, options.manager, route.subresource)
            return obj

        with self.storage.lock:
            entry, created = self.writer.update(
                served,
                route.namespace,
                route.name,
                change,
                options,
                notes,
                subresource=route.subresource,
                match_uid=True,
            )
        return response(201 if created else 200, shown.body(entry), shown)

    def _patch(self, request: ServerRequest, route: Route, served: ServedResource, notes: Notes) -> Answer:
        media = patch_type(request, served)
        shown = Representation(served, request)
        options = write_options(request, "PatchOptions")

        def change(live: Json | None) -> Json:
            if media == APPLY_PATCH:
                obj = applied(live, request, served, options, self.ownership, route.subresource, notes)
            elif live is None:
                raise statuses.not_found(served.resource.group, served.resource.plural, route.name)
            else:
                obj = patched(live, request, media, served, options, notes)
                self.ownership.updated(live, obj, served, options.manager, route.subresource)
            check_name(obj, route.name)
            return obj

        with self.storage.lock:
            entry, created = self.writer.update(
                served,
                route.namespace,
                route.name,
                change,
                options,
                notes,
                subresource=route.subresource,
                allow_create=media == APPLY_PATCH and not route.subresource,
            )
        return response(201 if created else 200, shown.body(entry), shown)

    def _delete_collection(self, request: ServerRequest, route: Route, served: ServedResource) -> Answer:
        shown = Representation(served, request)
        parse_selectors(request)
        check_options(request, watch=False)
        selected = selection(served, route.namespace, request)
        options = delete_options(request)
        with self.storage.lock:
            page = read_page(self.storage, self.writer.collection(served), selected, request)
            for entry in page.entries:
                delete(self.writer, served, entry.namespace, entry.name, options)
        body = shown.list_body(page.entries, revision=page.revision, continue_=page.continue_, remaining=page.remaining)
        return response(200, body, shown)

    def read_objects(self, served: ServedResource) -> list[Json]:
        """All live objects of a kind, decoded."""
        with self.storage.lock:
            return [decode(entry.raw) for entry in self.writer.collection(served).entries.values()]

    def remove_objects(self, served: ServedResource) -> int:
        """Delete every object of a kind as a client would; returns how many remain because of their finalizers."""
        with self.storage.lock:
            collection = self.writer.collection(served)
            options = delete_options(ServerRequest("DELETE", "/"))
            for entry in list(collection.entries.values()):
                delete(self.writer, served, entry.namespace, entry.name, options)
            remaining = len(collection.entries)
        self._announce()
        return remaining

    def end_watches(self, group: str, plural: str) -> None:
        """End the watches of a kind in all its versions: it is served anew, in another way."""
        self.watchers.end_for(self.storage.collection(ResourceName(group, plural)))

    def forget(self, group: str, plural: str) -> None:
        """End the watches of a kind that is served no longer, and drop what is left of its objects."""
        self.end_watches(group, plural)
        with self.storage.lock:
            self.storage.drop(ResourceName(group, plural))
