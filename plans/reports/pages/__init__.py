"""A report as a page, a workbook or text: pure, the same report gives the same bytes."""
