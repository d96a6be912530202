-- One row a person and local day, of any event (null name) and of each.
with events as not materialized ({{events}}),
named as materialized (
    select
        event_name,
        person_id,
        cast({{day}} as integer) as day,
        count(*) as events,
        bool_or(coalesce(event_type = 'conversion' or conversion_value > 0, false)) as has_converted
    from events
    where person_id is not null
    group by all
)
select null as event_name, person_id, day, cast(sum(events) as bigint) as events, bool_or(has_converted) as has_converted
from named
group by person_id, day
union all
select event_name, person_id, day, events, has_converted
from named
order by event_name nulls first, person_id, day
