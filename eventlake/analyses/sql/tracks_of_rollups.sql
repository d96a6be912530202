-- Tracks of closed days.
select event_name, person_id, "timestamp"
from {{tracks}}
where "timestamp" >= {{from_at}} and "timestamp" < {{to_at}}
