"""What is known to be in a volume, on storage that outlives the worker."""
