"""A VM's disks as plain PersistentVolumeClaims, and the small claim beside them that journal and overlays lie on."""
