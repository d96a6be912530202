-- Sessions of each person, and their length from the first to the last event.
with events as not materialized ({{events}}),
sessioned as not materialized ({{sessioned}}),
sessions as (
    select person_id, epoch_us(max("timestamp")) - epoch_us(min("timestamp")) as length_us
    from sessioned
    where session_key is not null and person_id is not null
    group by person_id, session_key
)
select person_id, count(*) as sessions, cast(sum(length_us) as bigint) as length_us
from sessions
group by person_id
