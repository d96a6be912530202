-- Persons of each bucket: new, returning, resurrecting, and minus those who were in the bucket before and stayed away.
with active as (
    select distinct person_id, {{bucket}} as bucket from events where {{range}}
),
gaps as (
    select bucket, bucket - lag(bucket) over (partition by person_id order by bucket) as gap from active
),
counted as (
    select
        bucket,
        count(*) filter (where gap is null) as new,
        count(*) filter (where gap = {{days}}) as stayed,
        count(*) filter (where gap > {{days}}) as resurrecting
    from gaps
    group by bucket
)
select bucket, new, stayed, resurrecting, stayed - lag(new + stayed + resurrecting, 1, 0::bigint) over (order by bucket)
from counted
