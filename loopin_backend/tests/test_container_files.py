"""What a careful reader would look for in Dockerfile, compose.yaml and the script that makes its secrets."""

from __future__ import annotations

import re
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from unittest import TestCase

import yaml

from loopin_backend import env
from loopin_backend.celery import app
from loopin_backend.queues import QUEUES
from loopin_backend.tests.container_files import (
    ROOT,
    image_environment,
    iter_context,
    last_stage,
    read_compose,
    read_dockerfile,
    read_env_file,
    required_variables,
)
from loopin_backend.tests.test_env import load

OURS = ("migrations", "web", "worker", "beat", "flower")
SECRET_NAME = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY|BASIC_AUTH")


def make_env(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script with .env in `folder`."""
    return subprocess.run(
        ["/bin/sh", str(ROOT / "deploy/make-env.sh"), *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def secrets_in(folder: Path, *arguments: str) -> dict[str, str]:
    """A fresh .env as its variables."""
    (folder / ".env").unlink(missing_ok=True)
    made = make_env(folder, *(arguments or ("stats.example.org",)))
    assert made.returncode == 0, made.stderr
    return read_env_file(folder / ".env")


class FolderTestCase(TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))


class DockerfileTest(TestCase):
    def setUp(self) -> None:
        self.instructions = read_dockerfile()
        self.kept = last_stage(self.instructions)

    def test_it_is_built_in_two_stages_on_the_image_of_the_specification(self) -> None:
        bases = [i.value for i in self.instructions if i.name == "FROM"]
        self.assertEqual(bases, ["${PYTHON_IMAGE} AS packages", "${PYTHON_IMAGE}"])
        self.assertIn(
            "PYTHON_IMAGE=python:3.12-slim", [i.value for i in self.instructions if i.name == "ARG"]
        )

    def test_packages_are_installed_by_the_lock_with_checksums_and_nothing_else_is(self) -> None:
        installs = [
            i.value
            for i in self.instructions
            if i.name == "RUN" and "install " in i.value and "pip" in i.value
        ]
        self.assertEqual(len(installs), 1)
        for option in ("--require-hashes", "--no-deps", "-r requirements.txt"):
            self.assertIn(option, installs[0])
        lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
        pinned = re.findall(r"^[\w.\[\]-]+==[^\n]*\n(    --hash=sha256:[0-9a-f]{64})?", lock, re.MULTILINE)
        self.assertGreater(len(pinned), 30)
        self.assertTrue(all(pinned), "each package has a checksum")

    def test_it_runs_as_nobody_in_particular_and_changes_nothing_after_that(self) -> None:
        names = [i.name for i in self.kept]
        user = next(i.value for i in self.kept if i.name == "USER")
        self.assertRegex(user, r"^[1-9]\d+:[1-9]\d+$")
        self.assertFalse({"RUN", "COPY", "ADD"} & set(names[names.index("USER") :]))

    def test_no_secret_is_baked_in(self) -> None:
        for instruction in self.instructions:
            if instruction.name in ("ENV", "ARG"):
                self.assertIsNone(SECRET_NAME.search(instruction.value), instruction.value)
        self.assertNotIn("ADD", [i.name for i in self.instructions])

    def test_it_asks_itself_whether_it_is_ready(self) -> None:
        check = next(i.value for i in self.kept if i.name == "HEALTHCHECK")
        self.assertIn('["python", "-m", "loopin_backend.health_check", "web"]', check)

    def test_commands_are_programs_not_shells_so_that_signals_reach_them(self) -> None:
        self.assertTrue(next(i.value for i in self.kept if i.name == "CMD").startswith("["))

    def test_its_variables_are_ones_that_we_read(self) -> None:
        known = {name.upper() for name in env.Env.model_fields}
        known |= {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "UVICORN_HOST", "UVICORN_PORT"}
        self.assertLessEqual(set(image_environment(self.kept)), known)


class ContextTest(TestCase):
    def setUp(self) -> None:
        self.files = {str(path) for path in iter_context()}

    def test_code_templates_and_static_files_are_in_it(self) -> None:
        for name in ("manage.py", "requirements.txt", "deploy/uvicorn.json", "analytics/apps.py", "events/urls.py",
                     "eventlake/analyses/sql/trends.sql", "loopin_backend/settings/production.py"):  # fmt: skip
            self.assertIn(name, self.files)
        self.assertTrue(any(name.startswith("analytics/static/") for name in self.files))

    def test_secrets_data_tests_and_history_are_not(self) -> None:
        for name in self.files:
            self.assertNotRegex(name, r"(^|/)(\.env|\.git|\.loopin|tests|__pycache__|docs|bench)(/|$)")
        self.assertNotIn("deploy/make-env.sh", self.files)

    def test_hidden_files_are_excluded_by_the_first_rule(self) -> None:
        rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        rules = [rule for rule in rules if rule and not rule.startswith("#")]
        self.assertEqual(rules[0], "*")
        self.assertFalse([rule for rule in rules if rule.startswith("!.")])


class ComposeTest(FolderTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.variables = secrets_in(self.folder)
        self.compose = read_compose(self.variables)
        self.services: dict[str, Any] = self.compose["services"]

    def test_only_the_web_service_has_a_published_port_and_by_default_only_on_this_machine(self) -> None:
        published = {name: service["ports"] for name, service in self.services.items() if "ports" in service}
        self.assertEqual(published, {"web": ["127.0.0.1:8000:8000"]})

    def test_tools_are_published_on_loopback_only_and_only_by_a_file_of_its_own(self) -> None:
        tools = yaml.safe_load((ROOT / "deploy/tools-on-loopback.yaml").read_text(encoding="utf-8"))[
            "services"
        ]
        for service in tools.values():
            for port in service["ports"]:
                self.assertTrue(port.startswith("127.0.0.1:"), port)

    def test_services_start_in_the_order_of_health(self) -> None:
        for name in ("web", "worker", "beat", "flower"):
            self.assertEqual(
                self.services[name]["depends_on"],
                {
                    "postgres": {"condition": "service_healthy"},
                    "redis": {"condition": "service_healthy"},
                    "migrations": {"condition": "service_completed_successfully"},
                },
            )
        self.assertNotIn("migrations", self.services["migrations"]["depends_on"])

    def test_everything_that_is_waited_for_can_tell_its_health(self) -> None:
        for service in self.services.values():
            waited = service.get("depends_on", {})
            for name, how in waited.items() if isinstance(waited, dict) else ():
                if how["condition"] == "service_healthy":
                    other = self.services[name]
                    self.assertTrue("healthcheck" in other or other.get("build") == ".", name)

    def test_everything_starts_again_after_a_crash_or_a_reboot(self) -> None:
        for name, service in self.services.items():
            self.assertEqual(
                service["restart"], "on-failure:5" if name == "migrations" else "unless-stopped", name
            )

    def test_our_containers_may_write_nowhere_but_in_their_volume_and_have_no_powers(self) -> None:
        for name in OURS:
            service = self.services[name]
            self.assertTrue(service["read_only"], name)
            self.assertEqual((service["tmpfs"], service["volumes"]), (["/tmp"], ["data:/data"]), name)
            self.assertEqual(
                (service["cap_drop"], service["security_opt"]), (["ALL"], ["no-new-privileges:true"])
            )

    def test_what_must_be_kept_is_in_named_volumes(self) -> None:
        for name, service in self.services.items():
            for volume in service.get("volumes", ()):
                source, _, options = volume.split(":")[0], volume.split(":")[1], volume.split(":")[2:]
                self.assertTrue(source in self.compose["volumes"] or options == ["ro"], (name, volume))
        self.assertIn("--appendonly yes", self.services["redis"]["command"][-1])

    def test_no_password_is_written_down(self) -> None:
        text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
        for name, value in re.findall(r"^\s+(\w+): (.*)$", text, re.MULTILINE):
            if SECRET_NAME.search(name):
                self.assertTrue(value.startswith("${"), name)

    def test_without_secrets_it_refuses_to_start_and_names_the_script(self) -> None:
        for name in required_variables():
            with self.assertRaisesRegex(LookupError, f"{name}: run sh deploy/make-env.sh first"):
                read_compose({**self.variables, name: ""})

    def test_redis_asks_for_a_password_and_forgets_no_message_for_room(self) -> None:
        command = self.services["redis"]["command"][-1]
        self.assertIn('--requirepass "$REDISCLI_AUTH"', command)
        self.assertIn("--maxmemory-policy noeviction", command)

    def test_what_our_containers_are_given_is_what_production_accepts(self) -> None:
        given = {**image_environment(last_stage(read_dockerfile())), **self.services["web"]["environment"]}
        loaded = load(**{name: str(value) for name, value in given.items()})
        self.assertEqual(loaded.loopin_env, "production")
        self.assertEqual(loaded.allowed_hosts, ("stats.example.org", "web"))

    def test_only_the_migrations_know_the_first_password(self) -> None:
        knowing = [name for name in OURS if "LOOPIN_ADMIN_PASSWORD" in self.services[name]["environment"]]
        self.assertEqual(knowing, ["migrations"])

    def test_prometheus_and_grafana_and_flower_come_only_when_asked_for(self) -> None:
        profiles = {
            name: service["profiles"] for name, service in self.services.items() if "profiles" in service
        }
        self.assertEqual(
            profiles, {"flower": ["flower"], "prometheus": ["prometheus"], "grafana": ["prometheus"]}
        )

    def test_flower_asks_for_a_name_and_a_password(self) -> None:
        self.assertRegex(self.services["flower"]["environment"]["FLOWER_BASIC_AUTH"], r"^loopin:\w{24}$")


class QueuesTest(FolderTestCase):
    def routed(self) -> set[str]:
        return {route["queue"] for route in app.conf.task_routes.values()}

    def test_each_routed_queue_has_a_consumer_in_compose(self) -> None:
        command = read_compose(secrets_in(self.folder))["services"]["worker"]["command"]
        option = next(word for word in command if word.startswith("--queues="))
        self.assertLessEqual(self.routed(), set(option.removeprefix("--queues=").split(",")))

    def test_each_routed_queue_has_a_consumer_in_the_specifications_line(self) -> None:
        self.assertLessEqual(self.routed(), {"analytics", "ai_processing", "metrics", "anomaly_detection"})

    def test_the_specifications_compose_line_without_queues_takes_from_all_of_them(self) -> None:
        self.assertEqual({queue.name for queue in app.conf.task_queues}, set(QUEUES) | self.routed())


class MakeEnvTest(FolderTestCase):
    def test_it_writes_every_variable_that_compose_insists_on_for_its_owner_only(self) -> None:
        made = secrets_in(self.folder)
        self.assertLessEqual(required_variables(), set(made))
        self.assertEqual(stat.S_IMODE((self.folder / ".env").stat().st_mode), 0o600)

    def test_no_two_are_alike(self) -> None:
        first, second = secrets_in(self.folder), secrets_in(self.folder)
        same = {name for name in first if first[name] == second[name]}
        self.assertFalse([name for name in same if SECRET_NAME.search(name)])
        self.assertGreaterEqual(len(first["SECRET_KEY"]), 64)

    def test_an_existing_file_stays_as_it_is(self) -> None:
        (self.folder / ".env").write_text("mine")
        again = make_env(self.folder, "stats.example.org")
        self.assertEqual((again.returncode, (self.folder / ".env").read_text()), (1, "mine"))
        self.assertIn("stays as it is", again.stderr)

    def test_behind_a_proxy_it_believes_one_and_listens_on_this_machine(self) -> None:
        made = secrets_in(self.folder, "stats.example.org")
        self.assertEqual((made["LOOPIN_HTTPS"], made["ANALYTICS_TRUSTED_PROXIES"]), ("true", "1"))
        self.assertEqual(
            (made["CSRF_TRUSTED_ORIGINS"], made["LOOPIN_BIND"]), ("https://stats.example.org", "127.0.0.1")
        )

    def test_inside_a_private_network_it_believes_nobody(self) -> None:
        made = secrets_in(self.folder, "--without-https", "192.168.1.20")
        self.assertEqual((made["LOOPIN_HTTPS"], made["ANALYTICS_TRUSTED_PROXIES"]), ("false", "0"))

    def test_a_url_or_nothing_is_refused_with_the_right_form(self) -> None:
        for arguments in ((), ("https://stats.example.org",), ("*",), ("a b",), (".example.org",)):
            with self.subTest(arguments=arguments):
                refused = make_env(self.folder, *arguments)
                self.assertEqual(refused.returncode, 2)
                self.assertFalse((self.folder / ".env").exists())
