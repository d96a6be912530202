"""The routes of the meetup product, under `/meetups/`."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from events import account_views, host_views, views

app_name = "events"

urlpatterns = [
    path("", views.meetup_list, name="meetups"),
    path("new/", host_views.create_meetup, name="create"),
    path("sign-up/", account_views.sign_up, name="sign_up"),
    path("verify/", account_views.verify, name="verify"),
    path(
        "login/",
        LoginView.as_view(template_name="events/login.html", next_page="events:meetups"),
        name="login",
    ),
    path("logout/", LogoutView.as_view(next_page="events:meetups"), name="logout"),
    path("<int:meetup_id>/", views.meetup_page, name="meetup"),
    path("<int:meetup_id>/join/", views.join, name="join"),
    path("<int:meetup_id>/pay/", views.pay, name="pay"),
    path("<int:meetup_id>/feedback/", views.feedback, name="feedback"),
    path("<int:meetup_id>/cancel/", host_views.cancel, name="cancel"),
    path("requests/<int:request_id>/answer/", host_views.answer, name="answer"),
    path("requests/<int:request_id>/attendance/", host_views.attendance, name="attendance"),
]
