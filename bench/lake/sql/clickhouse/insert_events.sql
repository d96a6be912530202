-- Each event with the person that its person is at the end.
insert into events
select
    uuid, timestamp, event_name, event_type, action, if(root_id = 0, person_id, root_id), user_id, distinct_id,
    session_id, ingest_key, source, page_url, page_path, referrer, device_type, browser, os, user_agent,
    response_time_ms, status_code, revenue_impact, conversion_value, sentiment_score, engagement_level, metadata,
    retention_days, created_at
from file('{{events}}', Parquet) as events
left join (select person_id as node, root_id from file('{{merges}}', Parquet)) as merges on merges.node = events.person_id
settings {{block}}
