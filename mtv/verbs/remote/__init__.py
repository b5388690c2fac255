"""`mtv rpc` and who talks to it: every verb as JSON over a pipe."""
