-- Persons with at least one event.
select count(distinct person_id) from ({{present}})
