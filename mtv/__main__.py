"""`python -m mtv` is `mtv`: the engine and the workers start themselves this way."""

import sys

from mtv.cli import main

sys.exit(main())
