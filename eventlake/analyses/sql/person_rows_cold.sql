-- Sealed rows of some nodes. The condition stands next to the files, so that most of their row groups are skipped.
select * from {{files}} where {{nodes}}
