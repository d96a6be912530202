-- Of the persons who came first so many days before a day, how many were there on it: a row a day and distance.
-- Bucket -1 is everything before the range.
with present as materialized (select distinct bucket, person_id from ({{present}})),
firsts as materialized (select person_id, min(bucket) as first_bucket from present group by person_id),
distances as (select unnest(cast($distances as integer[])) as distance),
sizes as (
    select distance, first_bucket + distance as bucket, count(*) as size
    from firsts, distances
    where first_bucket >= 0
    group by all
),
returns as (
    select distance, present.bucket, count(*) as returned
    from present join firsts using (person_id) join distances on present.bucket = first_bucket + distance
    where first_bucket >= 0
    group by all
)
select sizes.distance, sizes.bucket, sizes.size, coalesce(returned, 0) as returned
from sizes left join returns on returns.distance = sizes.distance and returns.bucket = sizes.bucket
