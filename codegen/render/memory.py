"""What rendering remembers between runs: whole group-versions, and of the one that changed, its classes.

Two levels, because two things are common: nothing of a group-version changed (look up its modules), and one field of it
did (write that class, look up the others).  Either way the output is the same as without a memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from codegen.cache import Cache, digest, generator_digest


@dataclass(frozen=True, slots=True)
class Pieces:
    """By digest: classes as they were written (`codegen.render.models`), statements as they were formatted."""

    classes: Mapping[str, str] = field(default_factory=dict[str, str])
    formatted: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Made:
    """Modules (path -> text) and the pieces that they are made of."""

    modules: Mapping[str, str]
    pieces: Pieces


class Memory:
    """Recalls modules from ``cache``; keys depend on the plan, on the generator itself and on the line length."""

    def __init__(self, cache: Cache, line_length: int) -> None:
        self._cache = cache
        self._base = (generator_digest(), str(line_length))

    def ready(self, name: str, plan: str) -> Mapping[str, str] | None:
        """The modules of ``name`` if they were made from just this ``plan`` (its text) before."""
        text = self._cache.get(self._key("modules", name, plan))
        if text is None:
            return None
        modules: dict[str, str] = json.loads(text)
        return modules

    def recall(self, name: str, plan: str, make: Callable[[Pieces], Made]) -> Mapping[str, str]:
        """As :meth:`ready`, or made anew from what pieces are known."""
        modules = self.ready(name, plan)
        if modules is not None:
            return modules
        pieces_key = self._key("pieces", name)
        known = self._cache.get(pieces_key)
        made = make(Pieces(*json.loads(known)) if known is not None else Pieces())
        self._cache.put(pieces_key, json.dumps([dict(made.pieces.classes), dict(made.pieces.formatted)]))
        self._cache.put(self._key("modules", name, plan), json.dumps(dict(made.modules)))
        return made.modules

    def _key(self, *parts: str) -> str:
        return digest(*self._base, *parts)
