"""Rules of DataVolumes, their sources, claims and snapshots."""
