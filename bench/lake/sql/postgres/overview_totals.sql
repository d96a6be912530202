-- Figures of both ranges.
with persons as (
    select
        timestamp >= '{{middle}}' as is_now,
        person_id,
        count(*) as events,
        sum(revenue_impact) as revenue,
        bool_or(event_type = 'conversion' or coalesce(conversion_value > 0, false)) as has_converted
    from events
    where {{range}}
    group by 1, 2
)
select
    case when is_now then 'now' else 'before' end,
    sum(events),
    count(*),
    sum(revenue),
    100 * (count(*) filter (where has_converted))::float8 / count(*)
from persons
group by is_now
