-- The rows of sequences: a sequence is a session of a session_id.
select session_id as sequence, person_id, event_name, "timestamp"
from events
where session_id <> '' and {{part}} and {{filter}}
