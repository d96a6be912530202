-- What the lifecycle of every bucket follows from: rows bucket, persons who were there, those of them who came for
-- the first time ever, and those who were there in the bucket before too. Bucket -1 is the one before the range, and
-- bucket -2 everything before that.
with present as materialized ({{present}}),
firsts as materialized ({{firsts}})
select bucket, count(*) as present, null as came_first, null as stayed
from present
where bucket >= -1
group by bucket
union all
select bucket, null, count(*), null
from present join firsts using (bucket, person_id)
where bucket >= 0
group by bucket
union all
select later.bucket, null, null, count(*)
from present later join present earlier
    on earlier.person_id = later.person_id and earlier.bucket = later.bucket - 1
where later.bucket >= 0
group by later.bucket
