"""Move whole estates of virtual machines to KubeVirt, with proof."""
