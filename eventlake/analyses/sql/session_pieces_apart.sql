-- Pieces of rollups that can belong together: half of the key is enough to tell.
select day, session_high, session_low, person_id, first_us, last_us, events
from {{rollups}}
where day between {{first}} and {{last}}
    and (not is_alone or session_high in (select session_high from again))
