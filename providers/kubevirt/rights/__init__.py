"""What an account must be allowed to do, and whether a cluster is fit for VMs."""
