-- One measure of one series for each kept value of a property, slot by slot, and for all other values together
-- (slot 0): a row a bucket, and one with a null bucket for the whole range.
with events as not materialized ({{events}}),
scoped as materialized ({{scoped}}),
kept as ({{kept}}),
placed as (
    select coalesce(kept.slot, 0) as slot, kept.breakdown, {{columns}}
    from scoped left join kept on scoped.breakdown is not distinct from kept.breakdown
)
select slot, any_value(breakdown), if(grouping(bucket) = 1, null, bucket) as bucket, {{measure}} as value
from placed
group by grouping sets ((slot, bucket), (slot))
