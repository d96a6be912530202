"""Every analysis on the same events in three engines: ours, ClickHouse (chdb) and PostgreSQL. See `bench/README.md`."""
