-- Rows under whose id the lake holds another event.
with events as not materialized ({{events}})
select distinct expected.id from expected join events on events.id = expected.id where events.uuid <> expected.uuid
