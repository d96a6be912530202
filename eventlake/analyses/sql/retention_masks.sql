-- Persons by the buckets in which they started and returned, as bits: rows starts, returns, persons. Where the same
-- event does both, the two are equal.
with started as not materialized ({{starts}}){{returned}}
select starts, returns, count(*) as persons
from ({{persons}})
group by all
