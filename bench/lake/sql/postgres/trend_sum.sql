-- What can be added up, a bucket and of the whole range.
with cells as (
    select {{bucket}} as bucket, {{measure}} as value
    from events
    where {{range}} and {{filter}}
    group by bucket
)
select bucket, value from cells
union all
select null, sum(value) from cells
