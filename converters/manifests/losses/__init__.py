"""What a VM loses on its way into a manifest: one rule each, one row each in docs/mapping.md."""
