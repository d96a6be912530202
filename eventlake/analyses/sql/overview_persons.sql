-- Persons: a row a bucket, and one with a null bucket for the whole range, over which persons are distinct.
with present as materialized ({{present}})
select bucket, count(*) as persons, null as converted from present group by bucket
union all
select null, count(*), count(*) filter (where has_converted)
from (select bool_or(has_converted) as has_converted from present group by person_id)
