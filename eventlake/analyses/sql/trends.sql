-- One measure of one series: a row a bucket, and one with a null bucket for the whole range.
with events as not materialized ({{events}}),
scoped as not materialized (
    select {{bucket}} as bucket, {{columns}}
    from {{relation}}
    where {{filter}}
)
select null as slot, null as breakdown, if(grouping(bucket) = 1, null, bucket) as bucket, {{measure}} as value
from scoped
group by grouping sets ((bucket), ())
