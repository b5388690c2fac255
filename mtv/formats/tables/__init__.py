"""Rows for other people's programs: CSV, Markdown, workbooks. Cells come from strangers and are only ever text."""
