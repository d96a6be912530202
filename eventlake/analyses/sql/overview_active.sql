-- Persons with at least one event.
with events as not materialized ({{events}})
select count(distinct person_id) from events where {{filter}}
