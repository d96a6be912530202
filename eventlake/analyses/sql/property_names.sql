-- Properties of a sample of events: in how many each is there, in how many it reads as a number or a truth.
with events as not materialized ({{events}}),
sample as materialized (select metadata from events where {{filter}} order by hash(id) limit $sample_events),
keys as (select unnest(json_keys(metadata)) as name, metadata from sample where json_valid(metadata)),
pairs as (select name, json_extract_string(metadata, '/' || replace(replace(name, '~', '~0'), '/', '~1')) as value from keys)
select
    name,
    count(*) as events,
    count(try_cast(value as double)) as numbers,
    count(*) filter (value in ('true', 'false')) as truths,
    (select count(*) from sample) as sampled
from pairs
where value is not null
group by name
order by events desc, name
limit $names
