"""What runs in the cluster's namespaces of its own: network, mounts and process numbers. It goes with them."""
