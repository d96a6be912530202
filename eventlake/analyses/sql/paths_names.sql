-- The names of all events of the range, in the order that decides between events of one instant.
with events as not materialized ({{events}})
select distinct event_name from events order by event_name
