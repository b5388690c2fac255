"""The steps of a VM's way, in the order of the table in mtv.plans.journey."""
