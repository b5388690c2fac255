"""Reports: what was found, computed once as plain data (`sections`), then written in one form or another (`pages`)."""
