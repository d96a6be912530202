-- The most frequent events; the name decides between equals.
with frequent as materialized (
    select event_name, cast(sum(events) as bigint) as events
    from ({{counted}})
    group by event_name
    order by events desc, event_name
    limit $top
),
reached as (
    select event_name, count(distinct person_id) as persons
    from ({{reached}})
    where event_name in (select event_name from frequent) and {{filter}}
    group by event_name
)
select event_name, events, coalesce(persons, 0) as persons
from frequent left join reached using (event_name)
order by events desc, event_name
