-- Days become weeks or months.
select
    {{bucket}} as bucket,
    person_id,
    cast(sum(events) as bigint) as events,
    bool_or(has_converted) as has_converted
from ({{days}})
group by all
