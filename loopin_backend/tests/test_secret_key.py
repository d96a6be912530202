from __future__ import annotations

import stat
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import TestCase

from loopin_backend.production_rules import MIN_SECRET_LENGTH
from loopin_backend.secret_key import find_or_make_secret_key


class SecretKeyTest(TestCase):
    def setUp(self) -> None:
        self.data_dir = Path(self.enterContext(tempfile.TemporaryDirectory())) / "data"

    def test_it_is_made_once_and_only_its_owner_may_read_it(self) -> None:
        key = find_or_make_secret_key(self.data_dir)
        self.assertGreaterEqual(len(key), MIN_SECRET_LENGTH)
        self.assertEqual(find_or_make_secret_key(self.data_dir), key)
        self.assertEqual(stat.S_IMODE((self.data_dir / "secret_key").stat().st_mode), 0o600)

    def test_a_half_written_draft_of_a_killed_process_does_no_harm(self) -> None:
        self.data_dir.mkdir()
        (self.data_dir / "secret_key.1").write_text("half", encoding="ascii")
        self.assertGreaterEqual(len(find_or_make_secret_key(self.data_dir)), MIN_SECRET_LENGTH)

    def test_processes_that_start_together_agree(self) -> None:
        with ThreadPoolExecutor(8) as pool:
            keys = set(pool.map(lambda _: find_or_make_secret_key(self.data_dir), range(8)))
        self.assertEqual(len(keys), 1)
