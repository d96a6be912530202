-- The rows of sequences: a sequence is a session.
select session_key as sequence, person_id, event_name, "timestamp"
from ({{sessioned}})
where session_key is not null and {{filter}}
