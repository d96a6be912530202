-- Local days on which some nodes have events, from rollups.
select day, cast(sum(events) as bigint) as events
from {{rollups}}
where {{nodes}} and {{named}}
group by day
