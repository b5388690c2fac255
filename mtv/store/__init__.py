"""The one file that remembers: SQLite, one writer thread, readers without anything but the standard library.

columns query reading records    the read path: no import beyond sqlite3
place lock                the file itself, and who drives it
tables store              schema, migrations, the writer
inventory runs journal proofs
"""
