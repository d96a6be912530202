-- Members of each cohort who came back: rows cohort, period after it (null for the size of the cohort), members.
with starts as materialized ({{starts}}),
members as materialized ({{members}}),
returns as not materialized ({{returns}})
select members.bucket as cohort, null as period, count(*) as persons
from members
group by members.bucket
union all
select members.bucket, returns.bucket - members.bucket, count(*)
from members join returns using (person_id)
where returns.bucket between members.bucket + 1 and members.bucket + $last_period
group by all
