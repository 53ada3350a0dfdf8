"""kubewright beside client-go and the Python peers, measured in one run; `python -m benchmarks` (make bench)."""
