-- The values with the largest totals; the value decides between equals, a missing one comes last.
select breakdown, row_number() over (order by {{measure}} desc nulls last, breakdown nulls last) as slot
from scoped
group by breakdown
qualify slot <= $kept_limit
