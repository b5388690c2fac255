"""Why a VM does not come, or not run, in a cluster: what stands there now, looked at by a table of causes."""
