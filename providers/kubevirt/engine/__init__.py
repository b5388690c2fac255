"""An engine that runs in the cluster: how it is reached from elsewhere, and who asks it."""
