-- Texts by score in twenty bins of a tenth each, from -1 on, and those without an opinion (a score of exactly 0).
select
    cast(least(greatest(floor((sentiment_score + 1) * 10), 0), 19) as integer) as bin,
    count(*) filter (where sentiment_score <> 0) as texts,
    count(*) filter (where sentiment_score = 0) as without
from ({{events}})
where sentiment_score is not null and ($event = '' or event_name = $event)
group by bin
order by bin
