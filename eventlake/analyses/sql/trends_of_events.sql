-- A measure of how often: a row a bucket, and one with a null bucket for the whole range.
select null as slot, null as breakdown, if(grouping(bucket) = 1, null, bucket) as bucket, {{measure}} as value
from ({{counted}})
group by grouping sets ((bucket), ())
