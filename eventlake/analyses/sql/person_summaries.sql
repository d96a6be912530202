-- When each person was first and last there, and the number of their events.
select
    person_nodes.root_id as person_id,
    min(tracks."timestamp") as first_seen,
    max(tracks."timestamp") as last_seen,
    count(*) as events
from ({{tracks}}) tracks join person_nodes on person_nodes.person_id = tracks.person_id
group by person_nodes.root_id
