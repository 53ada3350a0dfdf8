"""The code generator: CRD YAML in, a typed Python package out.

Development time only.  Nothing that runs in a controller's image imports this package; what it writes
stands on ``kubewright`` alone.  Start reading at :mod:`codegen.pipeline`.
"""
