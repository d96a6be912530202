-- The hours of each person put together; persons ascending.
select
    person_id,
    max(user_id) as user_id,
    cast(sum(events) as bigint) as events,
    count(distinct hour // 24) as active_days,
    min(first_us) as first_us,
    max(last_us) as last_us,
    cast(sum(conversions) as bigint) as conversions,
    cast(sum(errors) as bigint) as errors,
    coalesce(sum(revenue), 0) as revenue,
    sum(response_ms) / nullif(sum(responses), 0) as avg_response_ms,
    cast(coalesce(sum(events) filter (where first_us >= $middle_us), 0) as bigint) as late_events,
    count(distinct hour // 24) filter (where first_us >= $middle_us) as late_days
from person_hours
group by person_id
order by person_id
