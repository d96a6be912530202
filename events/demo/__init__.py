"""The demo's generator: a believable meetup product, the same for the same seed.

Pure numbers until `host_rows` and `runs`: `plan` and `calendar` say when, `people`, `personas` and `cities` who,
`meetups` where to, `visits` and `funnel` what they do, `incidents` what goes wrong, `texts` what they say; `world`
puts it together, `stream` sorts it into one table of events, `batches` turns that into columns to load.
"""
