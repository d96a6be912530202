-- Pieces of sessions on whole days of one zone.
select day, session_high, session_low, person_id, first_us, last_us, events
from {{rollups}}
where day between {{first}} and {{last}}
