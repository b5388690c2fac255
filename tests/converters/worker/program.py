"""The worker's process as the tests start it: `python program.py DIR`, with the tests' own ways to open an export."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from mtv.converters.worker import main  # noqa: E402
from tests.converters.transfer.sources import OPENERS  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), OPENERS, {}))
