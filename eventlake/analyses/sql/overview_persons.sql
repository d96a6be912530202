-- One row a bucket, and one with a null bucket for the whole range. Persons of the whole range are distinct
-- over it, which is why days of persons are grouped first and counted twice.
with events as not materialized ({{events}}),
person_buckets as (
    select
        {{bucket}} as bucket,
        person_id,
        count(*) as events,
        sum(revenue_impact) as revenue,
        bool_or(coalesce(event_type = 'conversion' or conversion_value > 0, false)) as has_converted
    from events
    where {{filter}}
    group by all
)
select bucket, cast(sum(events) as bigint) as events, count(person_id) as persons, null as converted, null as revenue
from person_buckets
group by bucket
union all
select
    null,
    cast(coalesce(sum(events), 0) as bigint),
    count(distinct person_id),
    count(distinct person_id) filter (where has_converted),
    coalesce(sum(revenue), 0)
from person_buckets
