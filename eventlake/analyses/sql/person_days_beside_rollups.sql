-- UTC days on which some nodes have events, in days since 1970, from the events themselves.
select epoch_us("timestamp") // 86400000000 as day, count(*) as events
from ({{events}})
where "timestamp" >= {{from_at}} and "timestamp" < {{to_at}} and {{named}}
group by day
