"""The Pod's side of a worker, as processes of this machine."""
