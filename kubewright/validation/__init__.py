"""Structural schemas at work: prune, default, validate.

The embedded API server and ``kubewright.validate`` share this package, so an object that passes here is one that a real
server takes, as far as its schema goes. Everything is pure: no I/O, no state, values in and causes out.
"""

from __future__ import annotations

from kubewright.validation.causes import Cause, summary
from kubewright.validation.defaulting import default
from kubewright.validation.pruning import prune
from kubewright.validation.scale import Scale
from kubewright.validation.structural import Structural, compile_schema
from kubewright.validation.verdict import validate

__all__ = ["Cause", "Scale", "Structural", "compile_schema", "default", "prune", "summary", "validate"]
