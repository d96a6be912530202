-- Events and revenue: a row a bucket, and one with a null bucket for the whole range.
select
    bucket,
    cast(coalesce(sum(events), 0) as bigint) as events,
    coalesce(sum(revenue), 0) as revenue
from ({{counted}})
group by grouping sets ((bucket), ())
