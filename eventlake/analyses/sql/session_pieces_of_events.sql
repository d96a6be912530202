-- The same of events that no rollup covers.
select * from (with events as not materialized ({{events}}) {{pieces}})
