"""CRD in, package out: one case for every way in which a CRD can surprise a generator.

`python -m tests.golden --update` writes what the generator makes now; the diff is to be read like code.
"""
