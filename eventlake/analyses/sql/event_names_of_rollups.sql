-- Names of events on whole days of one zone.
select event_name from {{rollups}} where day between {{first}} and {{last}}
