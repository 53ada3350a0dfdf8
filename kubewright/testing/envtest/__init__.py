"""A real kube-apiserver on a real etcd, for tests that must not believe a fake.

``EnvTest`` has the face of the embedded ``APIServer`` (``url``, ``install``, ``transport``, ``write_kubeconfig`` …), so the same test
runs on either; that is how the conformance suite decides what the embedded server must do. It is the control plane's API only:
no controller manager, no scheduler, so nothing collects garbage or runs pods. Takes about four seconds to start.

Source of behaviour: controller-runtime's ``envtest``.
"""

from kubewright.testing.envtest.binaries import (
    ETCD_VERSION,
    KUBERNETES_VERSION,
    Binaries,
    BinariesMissing,
    build_binaries,
    find_binaries,
)
from kubewright.testing.envtest.controlplane import EnvTest

__all__ = [
    "ETCD_VERSION",
    "KUBERNETES_VERSION",
    "Binaries",
    "BinariesMissing",
    "EnvTest",
    "build_binaries",
    "find_binaries",
]
