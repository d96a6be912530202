-- Days with a row that is to go, or that changed, or whose person counts as somebody else by now.
with events as not materialized ({{events}})
select distinct date '1970-01-01' + cast(epoch_us("timestamp") // 86400000000 as integer) as day
from events left join roots on roots.person_id = events.person_id
where events.person_id in (select person_id from erased)
    or events.created_at + to_days(events.retention_days) <= $now
    or events.id in (select id from changed_ids)
    or coalesce(merged_person_id, events.person_id) <> coalesce(roots.root_id, events.person_id)
order by day
