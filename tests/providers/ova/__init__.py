"""The ova source, from a package to the bytes of its disks."""
