"""Workbooks that strangers wrote (.xlsx), read a row at a time: bounded, without entities, formulas never evaluated."""
