-- Sealed rows: exactly the files of one snapshot that the range can touch.
select * from read_parquet($cold_files, union_by_name = true, hive_partitioning = false)
