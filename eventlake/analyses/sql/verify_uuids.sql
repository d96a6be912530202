-- Events beyond the first of each uuid.
with events as not materialized ({{events}})
select count(*) - count(distinct uuid) from events
