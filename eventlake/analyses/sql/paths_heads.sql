-- The names of the first rows of each sequence, as codes in order; `sequence` only where it has more rows.
with events as not materialized ({{events}}),
places as not materialized ({{places}})
select
    if(count(*) > $head_rows, sequence, null) as sequence,
    min(person_id) as person_id,
    list_transform(min(place, $head_rows), lambda place: cast(place % $name_count as {{code_type}})) as codes
from places
group by places.sequence
