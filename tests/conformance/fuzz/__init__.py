"""Differential fuzz: random operations on the embedded and the real API server, every answer compared.

``python -m tests.conformance.fuzz --help`` runs it by hand; ``test_fuzz.py`` runs it in the suite. Everything random comes from one seed.
"""
