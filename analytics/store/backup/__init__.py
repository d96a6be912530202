"""Backups: the database and the lake as they were at one moment, in a folder that is complete or not there.

`make` writes one while events arrive, `restore` puts one back. What is in the folder, and that it is all there, its
manifest says (`manifest`). Files that wait to be imported, the secret key and the environment are not in it.
"""

from analytics.store.backup.making import make
from analytics.store.backup.manifest import Manifest, read_manifest
from analytics.store.backup.restoring import Restored, restore

__all__ = ["Manifest", "Restored", "make", "read_manifest", "restore"]
