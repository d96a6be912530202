"""The event lake: events in a Delta table, and the analyses that count them.

Pure Python over deltalake, DuckDB and Arrow. It knows no Django, no web server, no clock and no
environment: the caller gives rows, ranges and limits. This module imports nothing on purpose, so
that `import eventlake` costs nothing; import the module you need (`eventlake.table`, ...).
"""
