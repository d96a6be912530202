-- Whom each event reached on whole days of one zone.
select event_name, person_id from {{rollups}} where day between {{first}} and {{last}}
