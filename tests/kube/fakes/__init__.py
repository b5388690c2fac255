"""What cannot be had, played: a provisioner of volumes, KubeVirt's and CDI's controllers as they were measured. Each
says in its first lines where it is laxer; webhooks' verdicts are not played."""
