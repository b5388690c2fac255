"""A fake of CDI: StorageProfiles, what becomes of DataVolumes, and the upload of disks."""
