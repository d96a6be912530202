"""Compose a running deployment, keep it running, and end it in order."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

from loopin_backend import embedded, env
from loopin_backend.data_dir import make_data_dir
from loopin_backend.supervisor import parts
from loopin_backend.supervisor.children import Child, Part
from loopin_backend.supervisor.demo_state import DemoState
from loopin_backend.supervisor.leftovers import be_the_only_one, end_leftovers
from loopin_backend.supervisor.listening import is_live, listen
from loopin_backend.supervisor.output import say
from loopin_backend.supervisor.prepared import Prepared, login_note
from loopin_backend.supervisor.summary import render_summary

TICK_S = 0.5
READY_TIMEOUT_S = 120.0
WEB_ENDS_WITHIN_S = 4.0
OTHERS_END_WITHIN_S = 4.0


class PreparationFailed(RuntimeError):
    """The database could not be brought to the state that a run needs; the reason is on the terminal."""


class Supervisor:
    """One run: `run()` returns when a signal, or the end of the parent, asks for it."""

    def __init__(self, *, ends_with_parent: bool = False) -> None:
        self._env = env.load()
        self._demo_state = DemoState(self._env.loopin_data_dir)
        self._stopping = threading.Event()
        self._parent_pid = os.getppid() if ends_with_parent else None
        self._children: dict[str, Child] = {}

    def run(self) -> None:
        """Start everything, tend it, end it.

        Errors: `AlreadyRunning`, `PortInUse`, `EmbeddedServerError`, `PreparationFailed`.
        """
        make_data_dir(self._env.loopin_data_dir)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        address = f"http://127.0.0.1:{self._env.port}"
        with be_the_only_one(self._env.loopin_data_dir, f"process {os.getpid()}, {address}"):
            for name in end_leftovers(self._env.loopin_data_dir):
                say(f"ended {name}, which an interrupted run had left behind")
            self._forget_counters()
            listeners = listen(self._env.port)
            try:
                embedded.ensure()
                prepared = self._prepare()
                self._start(parts.build_web([listener.fileno() for listener in listeners]))
                if self._wait_until_live(address):
                    self._start(parts.build_worker())
                    self._start(parts.build_beat())
                    say(render_summary(self._env, prepared, address))
                    login_note(self._env.loopin_data_dir).unlink(missing_ok=True)
                    self._start_demo(prepared)
                    self._tend()
            finally:
                self._end()
                for listener in listeners:
                    listener.close()

    def _forget_counters(self) -> None:
        """Counters of processes that are gone would be counted for ever."""
        directory = env.prometheus_dir()
        for path in directory.glob("*.db") if directory else ():
            path.unlink(missing_ok=True)

    def _prepare(self) -> Prepared:
        command = [sys.executable, "-m", "loopin_backend.supervisor.prepare"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, cwd=env.PROJECT_ROOT)
        if done.returncode != 0:
            raise PreparationFailed("the database could not be prepared; the reason stands above")
        return Prepared(**json.loads(done.stdout))

    def _start(self, part: Part) -> None:
        child = Child(part, self._env.loopin_data_dir)
        self._children[part.name] = child
        child.start()

    def _start_demo(self, prepared: Prepared) -> None:
        if prepared.has_demo_command and self._demo_state.is_due(is_wanted=self._env.loopin_demo):
            self._start(parts.build_demo())

    def _wait_until_live(self, address: str) -> bool:
        """True once the web server answers; False when asked to stop before."""
        deadline_s = time.monotonic() + READY_TIMEOUT_S
        while not self._is_asked_to_stop():
            if is_live(address):
                return True
            if time.monotonic() > deadline_s:
                raise PreparationFailed(f"the web server did not answer within {READY_TIMEOUT_S:.0f} s")
            self._children["web"].tend()
            self._stopping.wait(0.05)
        return False

    def _tend(self) -> None:
        while not self._is_asked_to_stop():
            self._stopping.wait(TICK_S)
            for child in self._children.values():
                child.tend()
            demo = self._children.get("demo")
            if demo is not None and demo.status == 0:
                self._demo_state.put_done()
                del self._children["demo"]
            self._ensure_servers()

    def _ensure_servers(self) -> None:
        try:
            embedded.ensure()
        except embedded.EmbeddedServerError as error:
            say(f"a database server is away and does not start yet: {error}")

    def _is_asked_to_stop(self) -> bool:
        if self._parent_pid is not None and os.getppid() != self._parent_pid:
            self._stopping.set()  # whoever started us is gone, and nobody can press Ctrl-C
        return self._stopping.is_set()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stopping.set()

    def _end(self) -> None:
        """Take no more events, let the workers finish, then stop the servers if nobody else uses them."""
        say("stopping")
        web = self._children.pop("web", None)
        if web is not None:
            web.ask_to_end()
            web.end_by(time.monotonic() + WEB_ENDS_WITHIN_S)
        for child in self._children.values():
            child.ask_to_end()
        deadline_s = time.monotonic() + OTHERS_END_WITHIN_S
        for child in self._children.values():
            child.end_by(deadline_s)
        embedded.stop()
        say("stopped")
