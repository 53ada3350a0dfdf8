"""The HTTP transport and its configuration; the only importer of urllib3 and (late) of `kubernetes`."""

from __future__ import annotations

from .config import ClientConfig, Impersonation
from .credentials import Credentials
from .http import HttpTransport
from .kubeconfig import in_cluster_config, load_config, load_kubeconfig

__all__ = [
    "ClientConfig",
    "Credentials",
    "HttpTransport",
    "Impersonation",
    "in_cluster_config",
    "load_config",
    "load_kubeconfig",
]
