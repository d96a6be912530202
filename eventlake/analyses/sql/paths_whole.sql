-- The names of all rows of some sequences, as codes in order.
with events as not materialized ({{events}}),
places as not materialized ({{places}})
select
    min(person_id) as person_id,
    list_transform(list_sort(list(place)), lambda place: cast(place % $name_count as {{code_type}})) as codes
from places
where {{where}}
group by sequence
having {{having}}
