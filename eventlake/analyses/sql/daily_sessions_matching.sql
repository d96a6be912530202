-- The same of sessions with a matching event, measured by matching events alone.
with events as ({{events}}),
sessioned as ({{sessioned}})
select day, count(*) as sessions, cast(sum(length_us) as bigint) as length_us
from (
    select min({{day}}) as day, max(epoch_us("timestamp")) - min(epoch_us("timestamp")) as length_us
    from sessioned
    where session_key is not null and {{filter}}
    group by session_key
)
group by day
