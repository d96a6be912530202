-- A measure a bucket, and of the whole range.
select {{bucket}} as bucket, {{measure}} as value
from events
where {{range}} and {{filter}}
group by bucket with totals
