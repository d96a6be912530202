-- Persons with a whole chain of steps inside the window of days that ends with a day, as changes from day to day. Of
-- several chains that end on a day the one that began last holds longest; chains that end later begin no earlier.
with ended as (
    select person_id, bucket, max({{start}}) as start
    from ({{rows}})
    where step = $last_step and {{start}} + $window > bucket
    group by all
),
followed as (
    select bucket, start, lead(bucket) over (partition by person_id order by bucket) as next_bucket from ended
)
select bucket, cast(count(*) as bigint) as change from followed group by all
union all
select least(start + $window, coalesce(next_bucket, start + $window)) as bucket, -count(*) from followed group by all
