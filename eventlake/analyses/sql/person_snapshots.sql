-- Each person as they were before each cutoff (days since 1970), and what they did in the horizon after it.
with active as materialized ({{days}})
select
    cutoff,
    person_id,
    cutoff - min(day) filter (where day < cutoff) as first_seen_days,
    cutoff - max(day) filter (where day < cutoff) as last_seen_days,
    cast(sum(events) filter (where day < cutoff) as bigint) as events_total,
    cast(coalesce(sum(events) filter (where day < cutoff and day >= cutoff - $horizon), 0) as bigint) as events_horizon,
    cast(coalesce(sum(events) filter (where day < cutoff - $horizon and day >= cutoff - 2 * $horizon), 0) as bigint)
        as events_before,
    count(*) filter (where day < cutoff) as active_days_total,
    count(*) filter (where day < cutoff and day >= cutoff - $quarter) as active_days_quarter,
    count(*) filter (where day < cutoff and day >= cutoff - $horizon) as active_days_horizon,
    count(*) filter (where day < cutoff - $horizon and day >= cutoff - 2 * $horizon) as active_days_before,
    count(*) filter (where day < cutoff and has_converted) as conversion_days_total,
    count(*) filter (where day < cutoff and day >= cutoff - $horizon and has_converted) as conversion_days_horizon,
    cutoff - max(day) filter (where day < cutoff and has_converted) as last_converted_days,
    count(*) filter (where day >= cutoff) > 0 as returned,
    count(*) filter (where day >= cutoff and has_converted) > 0 as converted
from active, (select unnest(cast($cutoffs as integer[])) as cutoff)
where day < cutoff + $horizon
group by cutoff, person_id
having max(day) filter (where day < cutoff) >= cutoff - $silence
order by cutoff, person_id
