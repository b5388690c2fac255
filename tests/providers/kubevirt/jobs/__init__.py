"""Workers as Jobs: pure parts, the Pod's side in processes of this machine, and a real cluster."""
