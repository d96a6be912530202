-- The rows of sequences with their place in them: a number that sorts by time, then name, and holds the name's code.
-- The engine works LIST_POSITION out once a name, not once a row, where the file keeps a dictionary of names.
select
    sequence,
    person_id,
    list_position(cast($names as varchar[]), event_name) - 1 as code,
    cast(epoch_us("timestamp") - $from_us as {{place_type}}) * $name_count + code as place
from ({{rows}})
