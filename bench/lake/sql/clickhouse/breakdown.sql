-- Events a day for the ten most frequent values, and for all others together.
select if(rank <= 10, coalesce(value, '(none)'), '$other') as shown, bucket, sum(events) as events
from
(
    select *, dense_rank() over (order by total desc, value asc nulls last) as rank
    from
    (
        select *, sum(events) over (partition by value) as total
        from
        (
            select {{value}} as value, toDate(timestamp) as bucket, count() as events
            from events
            where {{range}}
            group by value, bucket
        )
    )
)
group by grouping sets ((shown, bucket), (shown))
settings group_by_use_nulls = 1
