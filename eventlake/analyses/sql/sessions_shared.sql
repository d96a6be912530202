-- Sessions that have pieces in several segments, by pieces that are alone in theirs: the upper half of their keys.
select session_high
from {{pieces}}
where is_alone
group by session_high
having count(*) > 1
