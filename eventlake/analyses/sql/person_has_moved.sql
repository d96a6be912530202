-- Whether a row is of somebody who has become somebody else since it was written, or of whom somebody has become.
person_id in (select person_id from {{merges}} union all select root_id from {{merges}})
