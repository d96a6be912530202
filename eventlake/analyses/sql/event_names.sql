-- Names of events.
select event_name from ({{rows}})
