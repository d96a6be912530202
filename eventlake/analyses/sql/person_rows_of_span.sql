-- Rows of some nodes within a span, each for the person that its node counts as.
select rows_of_nodes.* replace (person_nodes.root_id as person_id){{properties}}
from ({{rows}}) rows_of_nodes join person_nodes on person_nodes.person_id = rows_of_nodes.person_id
where "timestamp" >= {{from_at}} and "timestamp" < {{to_at}}
