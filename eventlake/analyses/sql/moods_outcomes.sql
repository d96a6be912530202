-- What people did after their first text of the range: who came back on a later day, and who converted, within a time
-- that has passed for everybody who is counted.
with events as not materialized ({{events}}),
first_texts as materialized (
    select
        person_id,
        arg_min(sentiment_score, ("timestamp", id)) as score,
        min("timestamp") as said_at
    from events
    where sentiment_score is not null and person_id is not null and "timestamp" < $until and ($event = '' or event_name = $event)
    group by person_id
),
later as materialized (
    select
        first_texts.person_id,
        bool_or(epoch_us(events."timestamp") - epoch_us(said_at) >= $day_us) as came_back,
        bool_or(event_type = 'conversion' or coalesce(conversion_value, 0) > 0) as has_converted
    from first_texts join events using (person_id)
    where
        events."timestamp" > said_at
        and epoch_us(events."timestamp") - epoch_us(said_at) < $within_us
    group by first_texts.person_id
)
select
    case when score <= -$bound then 'negative' when score >= $bound then 'positive' else 'neutral' end as mood,
    count(*) as persons,
    count(*) filter (where came_back) as came_back,
    count(*) filter (where has_converted) as converted
from first_texts left join later using (person_id)
group by mood
