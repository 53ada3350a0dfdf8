"""API servers, clocks and transports for tests: public, documented, and used by this project's own tests.

Importing this loads no server: each name is loaded when it is first touched, so that a test that only needs a clock does
not pay for HTTP.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubewright.testing.apiserver import APIServer as APIServer
    from kubewright.testing.clock import FakeClock as FakeClock
    from kubewright.testing.envtest import EnvTest as EnvTest
    from kubewright.testing.fake import FakeTransport as FakeTransport
    from kubewright.testing.fake import fake_transport as fake_transport
    from kubewright.testing.server.faults import Faults as Faults
    from kubewright.testing.source import ScriptedServer as ScriptedServer

_HOMES = {
    "APIServer": "kubewright.testing.apiserver",
    "EnvTest": "kubewright.testing.envtest",
    "FakeClock": "kubewright.testing.clock",
    "FakeTransport": "kubewright.testing.fake",
    "Faults": "kubewright.testing.server.faults",
    "ScriptedServer": "kubewright.testing.source",
    "fake_transport": "kubewright.testing.fake",
}

__all__ = ["APIServer", "EnvTest", "FakeClock", "FakeTransport", "Faults", "ScriptedServer", "fake_transport"]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)
