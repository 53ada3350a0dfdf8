"""Lists: which revision answers, what a page holds, and the token that goes on after it.

A page is cut out of the state at one revision; the token names that revision and the next key, so that all pages of a
list show one moment, however much is written meanwhile. Which revision a request gets depends on ``resourceVersion``,
``resourceVersionMatch``, ``limit`` and ``continue`` together (apiserver ``pkg/storage/interfaces.go``, KEP-2340).
"""

from __future__ import annotations

import base64
import binascii
import posixpath
from dataclasses import dataclass
from typing import Any

import msgspec

from kubewright.testing.server import statuses
from kubewright.testing.server.bodies import go_message
from kubewright.testing.server.messages import AnyCause, ServerRequest, StatusError
from kubewright.testing.server.selection import Selection
from kubewright.testing.server.store import Collection, Entry, Storage, prefix_range
from kubewright.validation.causes import forbidden, not_supported

EXACT = "Exact"
NOT_OLDER_THAN = "NotOlderThan"
TOKEN_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)
LIST_EXPIRED = "The resourceVersion for the provided list is too old."


@dataclass(frozen=True, slots=True)
class Page:
    """One page: the entries, the revision of the list, the token for the rest and how many that is (if known)."""

    entries: list[Entry]
    revision: int
    continue_: str = ""
    remaining: int | None = None


def initial_events(request: ServerRequest) -> bool | None:
    """``sendInitialEvents`` of a watch, None where nothing says it.

    A watch from nowhere that says nothing of it has always begun with what is there (apimachinery: SetListOptionsDefaults).
    """
    if any(key == "sendInitialEvents" for key, _ in request.query):
        return request.flag("sendInitialEvents")
    from_nowhere = request.param("resourceVersion") in ("", "0")
    return True if from_nowhere and not request.param("resourceVersionMatch") else None


def check_options(request: ServerRequest, *, watch: bool) -> None:
    """Raise 422 for combinations of options that the API forbids (ListOptions validation)."""
    match = request.param("resourceVersionMatch")
    has_initial = any(key == "sendInitialEvents" for key, _ in request.query)
    causes: list[AnyCause] = []
    if watch:
        if initial_events(request) and not has_initial:
            has_initial, match = True, NOT_OLDER_THAN
        if has_initial and match != NOT_OLDER_THAN:
            detail = f"sendInitialEvents requires setting resourceVersionMatch to {NOT_OLDER_THAN}"
            causes.append(forbidden("resourceVersionMatch", detail))
        if match:
            if not has_initial:
                detail = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
                causes.append(forbidden("resourceVersionMatch", detail))
            if match != NOT_OLDER_THAN:
                causes.append(not_supported("resourceVersionMatch", match, [NOT_OLDER_THAN]))
            if request.param("continue"):
                detail = "resourceVersionMatch is forbidden when continue is provided"
                causes.append(forbidden("resourceVersionMatch", detail))
    else:
        if match:
            version = request.param("resourceVersion")
            if not version:
                detail = "resourceVersionMatch is forbidden unless resourceVersion is provided"
                causes.append(forbidden("resourceVersionMatch", detail))
            if request.param("continue"):
                detail = "resourceVersionMatch is forbidden when continue is provided"
                causes.append(forbidden("resourceVersionMatch", detail))
            if match not in (EXACT, NOT_OLDER_THAN):
                causes.append(not_supported("resourceVersionMatch", match, [EXACT, NOT_OLDER_THAN, ""]))
            if match == EXACT and version == "0":
                detail = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
                causes.append(forbidden("resourceVersionMatch", detail))
        if has_initial:
            causes.append(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    if causes:
        raise statuses.invalid("meta.k8s.io", "ListOptions", "", causes)


def parse_revision(text: str) -> int:
    """A resourceVersion as a number, 0 for "any" and for absent; raises 500 (as the real server) when it is not one."""
    if not text:
        return 0
    if text.isascii() and text.isdigit():
        return int(text)
    quoted = statuses.quote(text)
    raise statuses.unexplained(
        f"resourceVersion: Invalid value: {quoted}: strconv.ParseUint: parsing {quoted}: invalid syntax"
    )


def read_page(storage: Storage, collection: Collection, selected: Selection, request: ServerRequest) -> Page:
    """The page that a list request asks for. The caller holds the lock.

    Raises 400 for malformed options, 410 for revisions and tokens that history no longer reaches, 504 for revisions
    that are still to come.
    """
    version, match = request.param("resourceVersion"), request.param("resourceVersionMatch")
    limit = _limit(request.param("limit"))
    token = request.param("continue")
    first, last = prefix_range(selected.namespace)
    at: int | None = None
    if token:
        at, first = _read_token(token, first)
        if version not in ("", "0"):
            raise statuses.bad_request("specifying resource version is not allowed when using continue")
        if at > 0 and at < collection.oldest:
            again = _write_token(-1, first, prefix_range(selected.namespace)[0])
            raise statuses.expired(TOKEN_EXPIRED, continue_=again)
        at = at if at > 0 else None
    else:
        try:
            wanted = parse_revision(version)
        except StatusError as error:
            raise statuses.bad_request(f"invalid resource version: {error.message}") from error
        if version == "0":
            limit = 0  # served from the watch cache, which does not page
        if wanted > storage.revision:
            raise statuses.too_large_resource_version(wanted, storage.revision)
        if match == EXACT or (not match and limit and wanted):
            at = wanted
            if at < collection.oldest:
                raise statuses.expired(LIST_EXPIRED)
    revision = storage.revision if at is None else at
    entries = _entries_at(collection, at, first, last)
    return _cut(entries, selected, limit, revision, prefix_range(selected.namespace)[0])


def _limit(text: str) -> int:
    if not text:
        return 0
    try:
        return max(int(text), 0)
    except ValueError:
        reason = f"strconv.ParseInt: parsing {statuses.quote(text)}: invalid syntax"
        raise statuses.bad_request(reason) from None


def _entries_at(collection: Collection, revision: int | None, first: str, last: str) -> list[Entry]:
    """The entries between two keys, now or as they were at a revision inside the history."""
    current = collection.entries
    keys = collection.between(first, last)
    if revision is None:
        return [current[key] for key in keys]
    before = collection.changed_since(revision)
    if not before:
        return [current[key] for key in keys]
    gone = [key for key, entry in before.items() if entry is not None and key >= first and (not last or key < last)]
    found: list[Entry] = []
    for key in sorted({*keys, *gone}):
        entry = before.get(key) if key in before else current[key]
        if entry is not None:
            found.append(entry)
    return found


def _cut(entries: list[Entry], selected: Selection, limit: int, revision: int, prefix: str) -> Page:
    if selected.name or selected.has_selectors:
        chosen: list[Entry] = []
        for index, entry in enumerate(entries):
            if not selected.matches(entry):
                continue
            chosen.append(entry)
            if limit and len(chosen) == limit and index + 1 < len(entries) and not selected.is_single:
                # The rest may hold nothing that matches; like the real server, say so only by an empty last page.
                return Page(chosen, revision, _write_token(revision, entry.key + "\x00", prefix))
        return Page(chosen, revision)
    if not limit or len(entries) <= limit:
        return Page(entries, revision)
    token = _write_token(revision, entries[limit - 1].key + "\x00", prefix)
    return Page(entries[:limit], revision, token, len(entries) - limit)


class _Token(msgspec.Struct):
    v: str = ""
    rv: int = 0
    start: str = ""


def _write_token(revision: int, key: str, prefix: str) -> str:
    document: dict[str, Any] = {"v": "meta.k8s.io/v1", "rv": revision, "start": key.removeprefix(prefix)}
    return base64.urlsafe_b64encode(msgspec.json.encode(document)).decode().rstrip("=")


def _first_bad(text: str) -> int:
    """Where base64 decoding stops: the first foreign character, or the single one left over at the end."""
    odd = [index for index, character in enumerate(text) if not (character.isalnum() or character in "-_")]
    return odd[0] if odd else len(text) - len(text) % 4


def _read_token(text: str, prefix: str) -> tuple[int, str]:
    problem = "invalid continue token: continue key is not valid"
    raw = b""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        token = msgspec.json.decode(raw, type=_Token)
    except binascii.Error as error:
        raise statuses.bad_request(f"{problem}: illegal base64 data at input byte {_first_bad(text)}") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise statuses.bad_request(f"{problem}: {go_message(str(error), raw)}") from error
    if token.v != "meta.k8s.io/v1":
        raise statuses.bad_request(f"{problem}: server does not recognize this encoded version {token.v}")
    if token.rv == 0:
        raise statuses.bad_request(f"{problem}: incorrect encoded start resourceVersion (version meta.k8s.io/v1)")
    if not token.start:
        raise statuses.bad_request(f"{problem}: encoded start key empty (version meta.k8s.io/v1)")
    path = token.start if token.start.startswith("/") else "/" + token.start
    if posixpath.normpath(path) != path:
        raise statuses.bad_request(f"{problem}: {token.start}")
    return token.rv, prefix + path[1:]
