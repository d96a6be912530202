-- Each event counts for the person that its person is now.
select all_rows.* replace (coalesce(merges.root_id, all_rows.person_id) as person_id)
from ({{rows}}) all_rows left join {{merges}} merges on merges.person_id = all_rows.person_id
