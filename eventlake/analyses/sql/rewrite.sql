-- What becomes of a day: its rows without those that ended or were erased, and with whom they count for now.
with events as not materialized ({{events}})
select {{columns}}, coalesce(roots.root_id, events.person_id) as merged_person_id{{properties}}
from events left join roots on roots.person_id = events.person_id
where (events.person_id is null or events.person_id not in (select person_id from erased))
    and (events.retention_days is null or events.created_at + to_days(events.retention_days) > $now)
