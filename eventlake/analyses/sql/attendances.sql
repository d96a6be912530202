-- Each first request of a person for a subject, in the order of time, with what came of it and what was known before.
with marks as materialized (
    select person_id, {{subject}} as subject, event_name, epoch_us("timestamp") as at_us
    from ({{events}})
    where person_id is not null and list_contains($names, event_name) and {{subject}} is not null
),
outcomes as (
    select
        person_id,
        subject,
        min(at_us) filter (where event_name = $requested) as requested_us,
        min(at_us) filter (where event_name = $attended) as attended_us,
        min(at_us) filter (where event_name = $missed) as missed_us,
        bool_or(event_name = $declined) as was_declined
    from marks
    group by person_id, subject
),
subjects as (
    -- It took place when somebody came; it never will once it was called off.
    select
        subject,
        min(at_us) filter (where event_name = $attended) as took_place_us,
        bool_or(event_name = $cancelled) as was_cancelled
    from marks
    group by subject
),
requests as materialized (
    select
        person_id,
        subject,
        requested_us,
        -- Whoever has no outcome of their own missed it, a day after it took place.
        case
            when not was_declined and not was_cancelled
            then coalesce(attended_us, missed_us, case when took_place_us + $day_us < $now_us then took_place_us end)
        end as known_us,
        coalesce(attended_us is not null, false) as attended
    from outcomes join subjects using (subject)
    where requested_us is not null
),
histories as (
    select
        this.person_id,
        this.subject,
        count(*) filter (where past.requested_us < this.requested_us) as past_requests,
        count(*) filter (where past.known_us < this.requested_us) as past_known,
        count(*) filter (where past.known_us < this.requested_us and past.attended) as past_attended,
        max(past.known_us) filter (where past.known_us < this.requested_us and past.attended) as last_attended_us,
        max(past.requested_us) filter (where past.requested_us < this.requested_us) as last_requested_us
    from requests this left join requests past
        on past.person_id = this.person_id and past.requested_us < this.requested_us
    group by this.person_id, this.subject
),
views as (
    select marks.person_id, marks.subject, count(*) as views
    from marks join requests
        on marks.person_id = requests.person_id and marks.subject = requests.subject
    where marks.event_name = $viewed and marks.at_us <= requests.requested_us
    group by marks.person_id, marks.subject
)
select
    requests.*,
    past_requests,
    past_known,
    past_attended,
    last_attended_us,
    last_requested_us,
    coalesce(views, 0) as views,
    row_number() over (partition by subject order by requested_us, person_id) as place
from requests
join histories using (person_id, subject)
left join views using (person_id, subject)
order by requested_us, person_id, subject
