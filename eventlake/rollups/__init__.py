"""Rollups: small tables worked out from sealed files, so that usual questions do not read every event again.

A rollup is a pure function of immutable files and is named after them. It can therefore never be stale: when a
late event adds a file, that file is read as it is until a new rollup covers it; when a rewrite takes a file away,
the rollups made of it are no longer used. See docs/decisions/0008-rollups-are-named-after-their-files.md.
"""
