-- The most frequent events; the name decides between equals.
with events as not materialized ({{events}})
select event_name, count(*) as events, count(distinct person_id) as persons
from events
where {{filter}}
group by event_name
order by events desc, event_name
limit $top
