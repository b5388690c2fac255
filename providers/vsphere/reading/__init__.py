"""From properties to the neutral model: a light scan of all, full pages of what differs, and what VMs stand on."""
