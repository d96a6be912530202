-- Distinct persons of every window of days that ends with a day, as changes from one day to the next: a person comes in
-- with a day of theirs, and goes out when the window has passed it without another one.
with present as (select distinct bucket, person_id from ({{present}})),
followed as (
    select bucket, lead(bucket) over (partition by person_id order by bucket) as next_bucket from present
),
windows as (select unnest(cast($windows as integer[])) as days)
select days, bucket, cast(count(*) as bigint) as change
from followed, windows
group by all
union all
select days, least(bucket + days, coalesce(next_bucket, bucket + days)) as bucket, -count(*)
from followed, windows
group by all
