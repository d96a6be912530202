-- Pieces without a session_id, numbered so that neighbours without a long silence between them share a number.
select *, count(*) filter (where opens) over (partition by person_id order by first_us, last_us) as run
from (
    select
        *,
        coalesce(
            first_us - max(last_us) over (
                partition by person_id order by first_us, last_us rows between unbounded preceding and 1 preceding
            ) > $silence_us,
            true
        ) as opens
    from pieces
    where session_high is null
)
