-- What each person did in each local hour (hours since 1970).
select
    person_id,
    cast(local_us // 3600000000 as integer) as hour,
    count(*) as events,
    epoch_us(min("timestamp")) as first_us,
    epoch_us(max("timestamp")) as last_us,
    max(user_id) as user_id,
    count(*) filter (where event_type = 'conversion') as conversions,
    count(*) filter (where event_type = 'error' or status_code >= 500) as errors,
    cast(sum(revenue_impact) as double) as revenue,
    sum(response_time_ms) as response_ms,
    count(response_time_ms) as responses
from ({{events}})
group by person_id, hour
