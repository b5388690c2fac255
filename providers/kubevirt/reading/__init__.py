"""What a cluster has: which kinds it serves, and their objects in pages."""
