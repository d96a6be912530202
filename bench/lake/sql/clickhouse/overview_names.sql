-- The most frequent events.
select event_name, count() as events, uniqExact(person_id)
from events
where timestamp >= '{{middle}}' and {{range}}
group by event_name
order by events desc, event_name
limit 10
