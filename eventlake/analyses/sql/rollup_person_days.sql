-- One row an event name, person and local day.
with events as not materialized ({{events}})
select
    event_name,
    person_id,
    cast({{day}} as integer) as day,
    count(*) as events,
    bool_or(coalesce(event_type = 'conversion' or conversion_value > 0, false)) as has_converted
from events
where person_id is not null
group by all
order by event_name, person_id, day
