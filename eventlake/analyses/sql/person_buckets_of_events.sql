-- Who was there in which bucket, counted from events.
select
    {{bucket}} as bucket,
    person_id,
    count(*) as events,
    bool_or(coalesce(event_type = 'conversion' or conversion_value > 0, false)) as has_converted
from ({{events}})
where person_id is not null and {{filter}}
group by all
