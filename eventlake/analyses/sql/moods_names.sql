-- The sentiment of texts by event, the most frequent first.
select
    event_name,
    count(*) as texts,
    avg(sentiment_score) as mean,
    count(*) filter (where sentiment_score <= -$bound) as negative,
    count(*) filter (where sentiment_score >= $bound) as positive
from ({{events}})
where sentiment_score is not null
group by event_name
order by texts desc, event_name
limit $most
