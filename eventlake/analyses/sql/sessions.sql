-- Sessions: events that share a session_id; without one, a person's events with no silence of more than
-- 30 minutes between them. Events with neither belong to no session.
with events as not materialized ({{events}}),
scoped as (
    select nullif(session_id, '') as session_id, person_id, epoch_us("timestamp") as at_us
    from events
    where {{filter}}
),
named as (
    select max(at_us) - min(at_us) as length_us, count(*) as events
    from scoped
    where session_id is not null
    group by session_id
),
pauses as (
    select
        person_id,
        at_us,
        coalesce(at_us - lag(at_us) over (partition by person_id order by at_us) > $silence_us, true) as opens
    from scoped
    where session_id is null and person_id is not null
),
numbered as (
    select person_id, at_us, count(*) filter (where opens)
        over (partition by person_id order by at_us rows unbounded preceding) as number
    from pauses
),
unnamed as (
    select max(at_us) - min(at_us) as length_us, count(*) as events
    from numbered
    group by person_id, number
),
sessions as (select * from named union all select * from unnamed)
select
    count(*) as sessions,
    cast(coalesce(sum(length_us), 0) as hugeint) as length_us,
    count(*) filter (where events = 1) as bounces
from sessions
