"""Why this exists: generated clientsets add attributes for groups; how one connects and closes is the same for all."""

from __future__ import annotations

import os
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ..core.wire import Transport

if TYPE_CHECKING:
    from ..transport import ClientConfig

__all__ = ["ClientsetBase", "Group"]


class Group:
    """Base of a generated group-version: its attributes are the kinds."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport


class ClientsetBase:
    """Base of generated clientsets. A context manager; several clientsets may share one transport.

    Nothing global is read or set, and nothing is sent before the first verb.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @property
    def transport(self) -> Transport:
        """What carries the requests; hand it to another clientset to share its connections."""
        return self._transport

    @classmethod
    def from_config(cls, kubeconfig: str | os.PathLike[str] | None = None, *, context: str | None = None) -> Self:
        """As kubectl finds its cluster: `kubeconfig` if given, else $KUBECONFIG (a list), else ~/.kube/config, else
        in-cluster. Raises ConfigError."""
        from ..transport import load_config

        return cls._over(load_config(kubeconfig, context=context))

    @classmethod
    def from_kubeconfig(cls, path: str | os.PathLike[str], *, context: str | None = None) -> Self:
        """Uses this kubeconfig file and no other. Raises ConfigError."""
        from ..transport import load_kubeconfig

        return cls._over(load_kubeconfig(path, context=context))

    @classmethod
    def in_cluster(cls) -> Self:
        """Uses the service account of the pod that this runs in; the token is read again as it rotates."""
        from ..transport import in_cluster_config

        return cls._over(in_cluster_config())

    @classmethod
    def for_url(cls, url: str, *, token: str | None = None, ca_file: str | None = None) -> Self:
        """Uses a server by its URL, with an optional bearer token and the file of its CA."""
        from ..transport import ClientConfig

        return cls._over(ClientConfig(url, token=token, ca_file=ca_file))

    @classmethod
    def _over(cls, config: ClientConfig) -> Self:
        from ..transport import HttpTransport

        return cls(HttpTransport(config))

    def close(self) -> None:
        """Closes idle connections; to be called when no other clientset shares the transport."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
