"""The generator on every real CRD: `python -m tests.corpus` (make corpus) prints what holds and what does not.

The CRDs stay where they are (`../shared/crds` or $KUBEWRIGHT_CORPUS): many of their licences forbid copying them here.
"""
