"""Questions that the grammar understands: shown where one is not understood, and to programs that ask for a while."""

from __future__ import annotations

#: One for each kind of question; the first ones fit every product.
EXAMPLES: tuple[str, ...] = (
    "How many users per day in the last 30 days?",
    "Top 10 events this month",
    "Weekly retention",
    "How many sign_up events last week by country?",
    "Conversion from sign_up to payment_succeeded within 7 days",
    "What do people do after sign_up?",
    "Average revenue last month compared with the previous period",
    "New versus returning users by week",
    "Average session length yesterday",
    "How sticky are our users?",
    "Overview of the last 7 days",
)
