-- Sessions: a row a bucket, and one with a null bucket for the whole range. A session counts in each bucket in which
-- it has events.
with pieces as materialized ({{pieces}}),
present as materialized (
    select {{bucket}} as bucket, session_high, session_low, null as person_id, null as run
    from pieces
    where session_high is not null
    group by all
    union all
    select {{bucket}} as bucket, null, null, person_id, run from ({{runs}}) group by all
)
select null as slot, null as breakdown, bucket, count(*) as value from present group by bucket
union all
select null, null, null, count(*)
from (select 1 from present group by session_high, session_low, person_id, run)
