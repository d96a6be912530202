-- Rows, and the sum of the first 32 bits of the MD5 of what they say.
with events as not materialized ({{events}}),
texts as (
    select
        concat_ws(
            '|',
            uuid,
            event_name,
            epoch_us("timestamp"),
            coalesce(cast(person_id as varchar), ''),
            coalesce(metadata, '')
        ) as text
    from events
)
select count(*) as row_count, coalesce(sum(cast('0x' || substr(md5(text), 1, 8) as bigint)), 0) as checksum
from texts
