-- How often the named events happened on each day, and all others together by their type: the name is null there.
select
    bucket,
    case when list_contains(cast($names as varchar[]), event_name) then event_name end as event_name,
    event_type,
    cast(sum(events) as bigint) as events,
    cast(sum(revenue) as decimal(38, 2)) as revenue
from ({{counted}})
group by all
