-- Whole sessions from their pieces, and their figures.
with pieces as materialized ({{pieces}}),
sessions as (
    select min(first_us) as first_us, max(last_us) as last_us, cast(sum(events) as bigint) as events
    from pieces
    where session_high is not null
    group by session_high, session_low
    union all
    select min(first_us), max(last_us), cast(sum(events) as bigint)
    from ({{runs}})
    group by person_id, run
)
select
    count(*) as sessions,
    cast(coalesce(sum(last_us - first_us), 0) as hugeint) as length_us,
    count(*) filter (where events = 1) as bounces,
    cast(coalesce(sum(events), 0) as bigint) as events,
    {{median}} as median_us
from sessions
