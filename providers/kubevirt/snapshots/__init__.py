"""A running VM as the cluster keeps it: whether it can, snapshots taken, waited for and removed."""
