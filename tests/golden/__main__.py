"""`python -m tests.golden --update`: writes the expected packages anew."""

from __future__ import annotations

import sys

from tests.golden.generate import case_names, update

if sys.argv[1:] != ["--update"]:
    sys.exit(__doc__)
for name in case_names():
    update(name)
