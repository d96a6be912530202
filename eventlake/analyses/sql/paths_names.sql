-- The names of all events of the range, in the order that decides between events of one instant.
select distinct event_name from ({{happened}}) order by event_name
