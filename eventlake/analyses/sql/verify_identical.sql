-- Rows of which the lake holds the very same.
with events as not materialized ({{events}})
select distinct expected.id from expected join events on events.id = expected.id where {{same}}
