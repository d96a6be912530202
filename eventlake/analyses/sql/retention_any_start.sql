-- Members with a return event in their cohort's own period, where any event starts.
with starts as materialized ({{starts}}),
members as materialized ({{members}}),
returns as not materialized ({{returns}})
select bucket as cohort, count(*) as persons
from members join returns using (bucket, person_id)
group by bucket
