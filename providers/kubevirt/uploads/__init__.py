"""A finished disk into a claim by CDI's upload: from a machine that reaches the proxy, without a worker."""
