"""The one file that remembers: SQLite, one writer thread, readers without anything but the standard library.

Read path (no import beyond sqlite3): columns, query, reading, records. The file itself and who drives it: place.
Schema, migrations, the writer: tables, store. What is kept: inventory (rows by flat), runs, journal, proofs.
"""
