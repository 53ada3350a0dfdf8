"""``python -m kubewright.testing.envtest build``: what ``make envtest`` runs; ``where`` prints the folder for KUBEBUILDER_ASSETS."""

from __future__ import annotations

import sys

from kubewright.testing.envtest.binaries import BinariesMissing, build_binaries, find_binaries

_USAGE = "usage: python -m kubewright.testing.envtest build|where"


def main(arguments: list[str]) -> int:
    """Exit codes: 0 done, 1 not possible on this machine, 2 usage."""
    try:
        match arguments:
            case ["build"]:
                found = build_binaries(say=lambda line: print(line, file=sys.stderr, flush=True))
            case ["where"]:
                found = find_binaries()
            case _:
                print(_USAGE, file=sys.stderr)
                return 2
    except BinariesMissing as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(found.kube_apiserver.parent)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
