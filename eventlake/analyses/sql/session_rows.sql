-- Pieces of sessions, one a local day: those of a session_id by the 128 bits of its MD5, and for persons without
-- one, runs of events without a silence of more than 30 minutes.
select
    day,
    cast(cast(md5_number_upper(session_id) as hugeint) - 9223372036854775808 as bigint) as session_high,
    cast(cast(md5_number_lower(session_id) as hugeint) - 9223372036854775808 as bigint) as session_low,
    null as person_id,
    min(at_us) as first_us,
    max(at_us) as last_us,
    count(*) as events
from (
    select session_id, cast({{day}} as integer) as day, epoch_us("timestamp") as at_us
    from events
    where session_id <> ''
)
group by session_id, day
union all by name
select day, null as session_high, null as session_low, person_id, min(at_us) as first_us, max(at_us) as last_us, count(*) as events
from (
    select *, count(*) filter (where opens) over (partition by person_id order by at_us) as run
    from (
        select
            person_id,
            cast({{day}} as integer) as day,
            epoch_us("timestamp") as at_us,
            coalesce(at_us - lag(at_us) over (partition by person_id order by "timestamp") > $silence_us, true) as opens
        from events
        where coalesce(session_id, '') = '' and person_id is not null
    )
)
group by person_id, day, run
