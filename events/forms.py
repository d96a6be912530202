"""What visitors may fill in."""

from __future__ import annotations

from django import forms
from django.contrib.auth.forms import UserCreationForm

from events.models import Category, Feedback, Meetup


class SignUpForm(UserCreationForm):  # type: ignore[type-arg]  # not generic at run time
    """A new account: name, city, password."""

    city = forms.CharField(max_length=80, required=False, help_text="Where you would like to meet people.")

    class Meta(UserCreationForm.Meta):
        fields = ("username", "city")


class MeetupForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A new meetup."""

    class Meta:
        model = Meetup
        fields = ("title", "category", "city", "starts_at", "capacity", "price", "accepts_automatically")
        widgets = {
            "starts_at": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        }


class SearchForm(forms.Form):
    """The filters of the list."""

    category = forms.ChoiceField(choices=[("", "Everything"), *Category.choices], required=False)
    city = forms.CharField(max_length=80, required=False)


class PaymentForm(forms.Form):
    """A card number; it is handed to the demo's gateway and kept nowhere."""

    card_number = forms.CharField(
        max_length=23,
        strip=True,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


class FeedbackForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A rating and a few words."""

    rating = forms.TypedChoiceField(
        choices=[(5, "5: wonderful"), (4, "4: good"), (3, "3: so-so"), (2, "2: poor"), (1, "1: bad")],
        coerce=int,
    )

    class Meta:
        model = Feedback
        fields = ("rating", "text")
        widgets = {"text": forms.Textarea(attrs={"rows": 4, "maxlength": 2000})}
