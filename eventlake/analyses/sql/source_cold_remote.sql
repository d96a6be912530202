-- Sealed rows in an object store, handed over as an Arrow dataset of the snapshot's files.
select * from cold
