"""Everything of one deployment in one terminal: servers, web, worker, beat, and their recovery.

`main` composes; `children` runs and restarts processes, `leftovers` finds what a kill left behind,
`prepare` does the database's part in a process of its own, so that this one stays small.
"""
