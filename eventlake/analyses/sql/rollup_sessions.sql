-- Sessions by local day.
with events as not materialized ({{events}})
select day, session_high, session_low, person_id, first_us, last_us, events
from ({{session_rows}})
order by day, first_us
