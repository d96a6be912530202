-- The names of all rows of some sequences, as codes in order.
with events as not materialized ({{events}}),
places as not materialized ({{places}})
select
    min(person_id) as person_id,
    list_transform(list_sort(list(place)), lambda place: cast(place % $name_count as integer)) as codes
from places
where {{chosen}}
group by sequence
