-- The same of events that no rollup covers.
select
    {{day}} as day,
    person_id,
    1 as events,
    coalesce(event_type = 'conversion' or conversion_value > 0, false) as has_converted
from ({{events}})
where person_id is not null and {{filter}}
