"""Starting a bundle in QEMU, and hearing what its guest says of itself."""
