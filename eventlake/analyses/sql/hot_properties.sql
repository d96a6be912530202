-- Properties of a sample of events that occur often and either repeat or are numbers, the most frequent first.
with events as not materialized ({{events}}),
sample as materialized (select metadata from events order by hash(id) limit $sample_rows),
keys as (select unnest(json_keys(metadata)) as name, metadata from sample where json_valid(metadata)),
pairs as (select name, json_extract_string(metadata, '/' || replace(replace(name, '~', '~0'), '/', '~1')) as value from keys)
select name
from pairs
where value is not null
group by name
having
    count(*) >= $least_ratio * (select count(*) from sample)
    and (2 * count(distinct value) <= count(*) + 20 or count(try_cast(value as double)) = count(*))
order by count(*) desc, name
