-- Sealed rows without those that changed since: the hot rows bring the database's version.
select cold_rows.* from ({{cold}}) cold_rows anti join superseded on superseded.id = cold_rows.id
