-- The events, sorted by what questions filter on. A JSON column keeps its frequent properties as columns of their own.
create table events
(
    uuid UUID,
    timestamp DateTime64(6, 'UTC'),
    event_name LowCardinality(String),
    event_type LowCardinality(String),
    action LowCardinality(String),
    person_id Int64,
    user_id Nullable(Int64),
    distinct_id String,
    session_id String,
    ingest_key LowCardinality(String),
    source LowCardinality(String),
    page_url String,
    page_path LowCardinality(String),
    referrer LowCardinality(String),
    device_type LowCardinality(String),
    browser LowCardinality(String),
    os LowCardinality(String),
    user_agent LowCardinality(String),
    response_time_ms Nullable(Int32),
    status_code Nullable(Int32),
    revenue_impact Nullable(Decimal(18, 2)),
    conversion_value Nullable(Decimal(18, 2)),
    sentiment_score Nullable(Float64),
    engagement_level LowCardinality(String),
    metadata JSON(max_dynamic_paths = 32),
    retention_days Int32,
    created_at DateTime64(6, 'UTC')
)
engine = MergeTree
partition by toYYYYMM(timestamp)
order by (event_name, toDate(timestamp), person_id)
