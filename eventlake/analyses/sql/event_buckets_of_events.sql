-- How often what happened in which bucket, counted from events.
select
    {{bucket}} as {{column}},
    event_name,
    event_type,
    count(*) as events,
    cast(coalesce(sum(revenue_impact), 0) as decimal(38, 2)) as revenue
from ({{events}})
where {{filter}}
group by all
