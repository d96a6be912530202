-- Who did what when: the columns of sequences, sorted so that one event's rows lie together.
with events as not materialized ({{events}})
select event_name, person_id, "timestamp"
from events
where person_id is not null
order by event_name, person_id, "timestamp"
