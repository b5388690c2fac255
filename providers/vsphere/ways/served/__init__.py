"""Ways by which another program reads the disk and serves it to us: nbdkit with VMware's library, or over SSH."""
