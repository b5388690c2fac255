"""The sections of a report: each is a question, its SQL over the documented columns, and its answer as rows."""
