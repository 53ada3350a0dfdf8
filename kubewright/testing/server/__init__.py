"""The embedded API server: real semantics (storage, verbs, watch, CRDs, discovery) without a cluster or a binary.

Private to ``kubewright.testing``; users meet it as ``kubewright.testing.APIServer``.
"""
