-- The newest events of one person.
select (extract(epoch from timestamp) * 1000000)::bigint as at_us, event_name, session_id
from events
where person_id = {{person}} and {{range}}
order by timestamp desc, event_name
limit 50
