-- Figures of sessions. Most lie in one piece, which is read as it stands; only those that can have several, in the
-- same segment, in another, or among the events that no rollup covers, are put together.
with rest as materialized ({{rest}}),
again as materialized (
    select session_high from shared_sessions
    union all
    select session_high from rest where session_high is not null
),
whole as (
    select first_us, last_us, events
    from {{rollups}}
    where is_alone and day between {{first}} and {{last}} and session_high not in (select session_high from again)
),
pieces as materialized (
    select * from ({{apart}})
    union all by name
    select * from rest
),
sessions as (
    select first_us, last_us, events from whole
    union all
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
