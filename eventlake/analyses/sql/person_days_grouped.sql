-- Days and persons of whom several parts know, once each.
select day, person_id, cast(sum(events) as bigint) as events, bool_or(has_converted) as has_converted
from ({{days}})
group by all
