"""Asking a server: a light scan of all VMs, full pages of what differs, and what VMs stand on."""
