-- The sentiment of texts by local day. What was read without an opinion, in another language for instance, is 0.
select
    cast(make_timestamp(epoch_us("timestamp") + {{offset}}) as date) as day,
    count(*) as texts,
    avg(sentiment_score) as mean,
    count(*) filter (where sentiment_score <= -$bound) as negative,
    count(*) filter (where sentiment_score >= $bound) as positive
from ({{events}})
where sentiment_score is not null and ($event = '' or event_name = $event)
group by day
order by day
