-- The sentiment of the texts of each event, after a point in time and before it.
select
    event_name,
    count(*) filter (where "timestamp" >= $middle) as texts,
    avg(sentiment_score) filter (where "timestamp" >= $middle) as mean,
    var_samp(sentiment_score) filter (where "timestamp" >= $middle) as variance,
    count(*) filter (where "timestamp" < $middle) as texts_before,
    avg(sentiment_score) filter (where "timestamp" < $middle) as mean_before,
    var_samp(sentiment_score) filter (where "timestamp" < $middle) as variance_before
from ({{events}})
where sentiment_score is not null
group by event_name
order by event_name
