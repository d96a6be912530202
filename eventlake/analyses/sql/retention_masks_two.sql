-- One event starts, another returns.
select bit_or(starts) as starts, bit_or(returns) as returns
from (
    select person_id, 1::bigint << (bucket + 1) as starts, 0::bigint as returns from started
    union all
    select person_id, 0::bigint, 1::bigint << (bucket + 1) from returned
)
group by person_id
having bit_or(starts) <> 0
