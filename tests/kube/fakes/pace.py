"""How fast the fakes are: what took KubeVirt and CDI a second takes them a fiftieth."""

import time

PACE = 0.02
LOOK_S = 0.03  # between looks at what the watches brought


def take(seconds: float) -> None:
    """As long as it was measured, at our pace."""
    time.sleep(seconds * PACE)
