-- Times of the events of some nodes that rollups cover.
select person_id, "timestamp"
from {{rollups}}
where "timestamp" >= {{from_at}} and "timestamp" < {{to_at}} and {{nodes}}
