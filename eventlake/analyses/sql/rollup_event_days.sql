-- How often, and for how much money, each event happened on each local day.
with events as not materialized ({{events}})
select
    cast({{day}} as integer) as day,
    event_name,
    event_type,
    count(*) as events,
    cast(coalesce(sum(revenue_impact), 0) as decimal(38, 2)) as revenue
from events
group by all
order by event_name, event_type, day
