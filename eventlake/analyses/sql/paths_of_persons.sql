-- The rows of sequences: a sequence is all that a person did.
select person_id as sequence, person_id, event_name, "timestamp"
from events
where person_id is not null and {{part}} and {{filter}}
