-- Figures of both ranges.
select
    if(timestamp >= '{{middle}}', 'now', 'before') as period,
    count(),
    uniqExact(person_id),
    sum(revenue_impact),
    100 * uniqExactIf(person_id, event_type = 'conversion' or conversion_value > 0) / uniqExact(person_id)
from events
where {{range}}
group by period
