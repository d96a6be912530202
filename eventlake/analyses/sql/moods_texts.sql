-- The events with the lowest and the highest scores, and the newest without an opinion: their texts are examples.
(
    select 'negative' as mood, "timestamp", event_name, event_type, person_id, sentiment_score, metadata
    from ({{events}})
    where sentiment_score <= -$bound and ($event = '' or event_name = $event)
    order by sentiment_score, "timestamp" desc, id desc
    limit $most
)
union all
(
    select 'positive', "timestamp", event_name, event_type, person_id, sentiment_score, metadata
    from ({{events}})
    where sentiment_score >= $bound and ($event = '' or event_name = $event)
    order by sentiment_score desc, "timestamp" desc, id desc
    limit $most
)
union all
(
    select 'without', "timestamp", event_name, event_type, person_id, sentiment_score, metadata
    from ({{events}})
    where sentiment_score = 0 and ($event = '' or event_name = $event)
    order by "timestamp" desc, id desc
    limit $most_without
)
