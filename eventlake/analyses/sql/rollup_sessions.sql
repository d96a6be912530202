-- Sessions by local day. A piece is alone if no other piece of its session is among these events.
with events as not materialized ({{events}})
select
    day,
    session_high,
    session_low,
    person_id,
    first_us,
    last_us,
    events,
    session_high is not null and count(*) over (partition by session_high, session_low) = 1 as is_alone
from ({{session_rows}})
order by day, first_us
