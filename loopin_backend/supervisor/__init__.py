"""Everything of one deployment in one terminal: servers, web, worker, beat, and their recovery.

`main` composes; `children` runs and restarts processes, `leftovers` remembers them across a kill,
`prepare` does the database's part in a process of its own, so that this one stays small.
"""
