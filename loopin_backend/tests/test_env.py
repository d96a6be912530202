from __future__ import annotations

import os
from pathlib import Path
from unittest import TestCase, mock

from django.core.exceptions import ImproperlyConfigured

from loopin_backend import env


def load(**variables: str) -> env.Env:
    """The environment as a process with just these variables would read it."""
    base = {"LOOPIN_ENV": "test", "PATH": os.environ["PATH"]}
    with mock.patch.dict(os.environ, {**base, **variables}, clear=True):
        return env.load.__wrapped__()


class NonsenseTest(TestCase):
    def assert_refused(self, key: str, value: str, *words: str) -> None:
        with self.assertRaises(ImproperlyConfigured) as caught:
            load(**{key: value})
        text = str(caught.exception)
        for word in (key, "Fix:", *words):
            self.assertIn(word, text)

    def test_each_bad_value_names_its_key_and_the_fix(self) -> None:
        for key, value, words in [
            ("ANALYTICS_BATCH_SIZE", "abc", ["integer", "a number of events"]),
            ("ANALYTICS_RETENTION_DAYS", "-1", ["greater than or equal to 1", "a number of days"]),
            ("ANALYTICS_HOT_DAYS", "0", ["a number of days"]),
            ("ANALYTICS_TRUSTED_PROXIES", "-2", ["how many proxies"]),
            ("ANALYTICS_IP_MODE", "half", ["cut, full, hash or none"]),
            ("ANALYTICS_ENABLED", "perhaps", ["true or false"]),
            ("ANALYTICS_HOST", "no dots", ["dotted path"]),
            ("TIME_ZONE", "Mars/Olympus", ["is not a time zone", "IANA"]),
            ("ANALYTICS_TIME_ZONE", "Mars/Olympus", ["is not a time zone"]),
            ("LOG_LEVEL", "LOUD", ["DEBUG, INFO"]),
            ("PORT", "70000", ["a TCP port"]),
            ("DATABASE_URL", "mysql://h/db", ["postgresql://"]),
            ("DATABASE_URL", "postgresql://h:port/db", ["is not a URL"]),
            ("REDIS_URL", "localhost:6379", ["redis://"]),
            ("CELERY_BROKER_URL", "amqp://h", ["redis://"]),
            ("POSTHOG_HOST", "us.i.posthog.com", ["https://"]),
            ("OPENAI_API_KEY", "your-openai-api-key", ["placeholder"]),
            ("OPENAI_BASE_URL", "api.openai.com/v1", ["https://"]),
            ("OPENAI_TIMEOUT_S", "nan", ["seconds from 0.1 to 120"]),
            ("OPENAI_TIMEOUT_S", "0", ["seconds from 0.1 to 120"]),
            ("ANALYTICS_AI_DAILY_BUDGET", "-1", ["requests to the outside model a day"]),
            ("ANALYTICS_AI_CACHE_DAYS", "400", ["days for which"]),
            ("POSTHOG_API_KEY", "your-posthog-api-key", ["placeholder"]),
            ("EMAIL_URL", "mail.example.org", ["smtp+tls://"]),
            ("LOOPIN_ENV", "staging", ["development, production or test"]),
        ]:
            with self.subTest(key=key, value=value):
                self.assert_refused(key, value, *words)

    def test_all_bad_keys_are_listed_at_once(self) -> None:
        with self.assertRaises(ImproperlyConfigured) as caught:
            load(ANALYTICS_BATCH_SIZE="abc", PORT="no", TIME_ZONE="Nowhere")
        for key in ("ANALYTICS_BATCH_SIZE", "PORT", "TIME_ZONE"):
            self.assertIn(key, str(caught.exception))

    def test_secrets_are_never_shown(self) -> None:
        with self.assertRaises(ImproperlyConfigured) as caught:
            load(DATABASE_URL="mysql://me:hunter2@h/db", REDIS_URL="http://:hunter2@h", PORT="x")
        self.assertNotIn("hunter2", str(caught.exception))
        self.assertNotIn("hunter2", repr(load(DATABASE_URL="postgresql://me:hunter2@h/db")))

    def test_every_field_says_what_a_good_value_is(self) -> None:
        for name, field in env.Env.model_fields.items():
            self.assertTrue(field.description, name)


class ValuesTest(TestCase):
    def test_the_documented_defaults(self) -> None:
        loaded = load()
        self.assertTrue(loaded.analytics_enabled)
        self.assertEqual(loaded.analytics_retention_days, 365)
        self.assertEqual(loaded.analytics_batch_size, 1000)
        self.assertEqual(loaded.posthog_host.get_secret_value(), "https://us.i.posthog.com")
        self.assertEqual((loaded.time_zone, loaded.port), ("UTC", 8000))
        self.assertEqual(loaded.openai_base_url.get_secret_value(), "https://api.openai.com/v1")
        self.assertEqual((loaded.openai_timeout_s, loaded.analytics_ai_daily_budget), (10.0, 1000))

    def test_an_empty_variable_counts_as_unset(self) -> None:
        loaded = load(DATABASE_URL="", OPENAI_API_KEY="", ANALYTICS_BATCH_SIZE="")
        self.assertTrue(loaded.uses_embedded_postgres)
        self.assertEqual(loaded.analytics_batch_size, 1000)

    def test_lists_are_split_at_commas(self) -> None:
        self.assertEqual(
            load(ALLOWED_HOSTS="a.example, b.example,").allowed_hosts, ("a.example", "b.example")
        )

    def test_tests_never_share_the_data_of_a_running_deployment(self) -> None:
        self.assertEqual(load(LOOPIN_DATA_DIR="/srv/loopin").loopin_data_dir, Path("/srv/loopin-test"))
        running = load(LOOPIN_DATA_DIR="/srv/loopin", LOOPIN_ENV="development")
        self.assertEqual(running.loopin_data_dir, Path("/srv/loopin"))

    def test_a_settings_module_that_names_an_environment_wins(self) -> None:
        loaded = load(LOOPIN_ENV="production", DJANGO_SETTINGS_MODULE="loopin_backend.settings.test")
        self.assertEqual(loaded.loopin_env, "test")


class ProductionTest(TestCase):
    GOOD = {
        "LOOPIN_ENV": "production",
        "SECRET_KEY": "kJ8s-x2Vq0Zr7Lw4Tn9Ye1Uc6Hb3Pm5Da8Gf2Ri7Ow4Xs1Zt6Qv9Bn3",
        "ALLOWED_HOSTS": "stats.example.org",
        "DATABASE_URL": "postgresql://loopin@db.example/loopin",
        "REDIS_URL": "redis://cache.example:6379/0",
    }

    def test_a_good_environment_boots(self) -> None:
        self.assertEqual(load(**self.GOOD).loopin_env, "production")

    def test_each_unsafe_setting_is_refused_with_its_fix(self) -> None:
        for key, value, words in [
            ("SECRET_KEY", "", "missing"),
            ("SECRET_KEY", "short", "guessable"),
            ("SECRET_KEY", "ab" * 40, "guessable"),
            ("SECRET_KEY", "django-insecure-" + "a1b2c3d4e5" * 6, "known default"),
            ("SECRET_KEY", "changeme" + "a1b2c3d4e5" * 6, "known default"),
            ("DEBUG", "true", "shows source"),
            ("ALLOWED_HOSTS", "", "missing"),
            ("ALLOWED_HOSTS", "stats.example.org,*", "every host"),
            ("DATABASE_URL", "", "missing"),
            ("REDIS_URL", "", "missing"),
        ]:
            with self.subTest(key=key, value=value), self.assertRaises(ImproperlyConfigured) as caught:
                load(**{**self.GOOD, key: value})
            text = str(caught.exception)
            self.assertIn(key, text)
            self.assertIn(words, text)
            self.assertIn("Fix:", text)
            if len(value) > 30:
                self.assertNotIn(value, text)

    def test_texts_and_the_key_of_a_language_model_do_not_cross_the_internet_unencrypted(self) -> None:
        for url, is_fine in [
            ("https://models.example.org/v1", True),
            ("http://127.0.0.1:8080/v1", True),
            ("http://[::1]:8080/v1", True),
            ("http://10.1.2.3/v1", True),
            ("http://ollama:11434/v1", True),
            ("http://llm.tools.svc:8000/v1", True),
            ("http://models.example.org/v1", False),
            ("http://8.8.8.8/v1", False),
        ]:
            with self.subTest(url=url):
                variables = {**self.GOOD, "OPENAI_BASE_URL": url}
                self.assertEqual(
                    load(**variables).openai_base_url.get_secret_value(), url
                )  # no key, no sending
                if is_fine:
                    load(**variables, OPENAI_API_KEY="a-key")
                    continue
                with self.assertRaises(ImproperlyConfigured) as caught:
                    load(**variables, OPENAI_API_KEY="a-key")
                self.assertIn("OPENAI_BASE_URL: sends texts", str(caught.exception))

    def test_events_and_mail_do_not_cross_the_internet_in_the_open(self) -> None:
        for key, value, is_fine in [
            ("POSTHOG_HOST", "https://eu.i.posthog.com", True),
            ("POSTHOG_HOST", "http://posthog.internal:8000", True),
            ("POSTHOG_HOST", "http://posthog.example.org", False),
            ("EMAIL_URL", "smtp+tls://me:secret@mail.example.org", True),
            ("EMAIL_URL", "smtps://mail.example.org", True),
            ("EMAIL_URL", "smtp://10.1.2.3", True),
            ("EMAIL_URL", "smtp://me:secret@mail.example.org", False),
        ]:
            with self.subTest(key=key, value=value):
                variables = {**self.GOOD, "POSTHOG_API_KEY": "phc_key", key: value}
                if is_fine:
                    load(**variables)
                    continue
                with self.assertRaises(ImproperlyConfigured) as caught:
                    load(**variables)
                self.assertIn(f"{key}: sends", str(caught.exception))
                self.assertNotIn("secret", str(caught.exception))
