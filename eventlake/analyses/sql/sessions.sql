-- Sessions, their length and how many were one single event.
with events as not materialized ({{events}}),
sessioned as not materialized ({{sessioned}}),
sessions as (
    select epoch_us(max("timestamp")) - epoch_us(min("timestamp")) as length_us, count(*) as events
    from sessioned
    where session_key is not null and {{filter}}
    group by session_key
)
select
    count(*) as sessions,
    cast(coalesce(sum(length_us), 0) as hugeint) as length_us,
    count(*) filter (where events = 1) as bounces,
    cast(coalesce(sum(events), 0) as bigint) as events,
    median(length_us) as median_us
from sessions
