/* Events as they come. The stream gives true counts and some rows; rows are made of text only, newest on top. */
"use strict";

(() => {
  const ROWS = 200;
  const SECONDS = 60;
  const RETRY_MS = 15000;
  const data = document.getElementById("data");
  const state = document.getElementById("live-state");
  const rows = document.getElementById("live-rows");
  const input = document.getElementById("live-event");
  const pause = document.getElementById("live-pause");
  const bars = document.querySelector(".live-bars");
  const sample = document.getElementById("live-sample");
  const whole = new Intl.NumberFormat(document.documentElement.lang || undefined);
  const counts = new Array(SECONDS).fill(0);
  const seen = new Set();
  let source = null;
  let position = "";
  let isPaused = false;
  let later = 0;

  function say(name) {
    state.querySelector(".text").textContent = state.dataset[name];
    state.querySelector(".dot").className = `dot ${name === "open" ? "good" : name === "paused" || name === "connecting" ? "off" : "warn"}`;
  }

  function show(event) {
    if (seen.has(event.id)) return false;
    seen.add(event.id);
    const row = document.getElementById("live-row").content.cloneNode(true).firstElementChild;
    row.querySelector(".time").textContent = event.at;
    row.querySelector(".name").textContent = event.name;
    row.querySelector(".id").textContent = event.type.replaceAll("_", " ");
    row.querySelector(".by").textContent = event.source;
    const who = row.querySelector(".by-whom");
    if (who && event.url) {
      const link = document.createElement("a");
      link.href = event.url;
      link.textContent = event.who;
      who.append(link);
      row.querySelector(".page-path").textContent = event.page;
    }
    rows.prepend(row);
    while (rows.children.length > ROWS) rows.lastElementChild.remove();
    return true;
  }

  function take(message) {
    position = message.lastEventId || position;
    const body = JSON.parse(message.data);
    for (const event of [...body.events].reverse()) show(event);
    if (seen.size > 5000) seen.clear();
    if (!body.isFirst) counts[SECONDS - 1] += body.count;
    sample.hidden = !body.isSample || body.isFirst;
    if (!sample.hidden) {
      const words = { "%shown%": whole.format(body.events.length), "%count%": whole.format(body.count) };
      sample.textContent = sample.dataset.text.replace(/%shown%|%count%/g, (word) => words[word]);
    }
    document.getElementById("live-empty").hidden = rows.children.length > 0;
    data.setAttribute("aria-busy", "false");
    say("open");
    draw();
  }

  function draw() {
    document.getElementById("live-minute").textContent = whole.format(counts.reduce((sum, one) => sum + one, 0));
    const most = Math.max(1, ...counts);
    counts.forEach((count, place) => {
      const height = count ? Math.max(2, (38 * count) / most) : 0;
      bars.children[place].setAttribute("height", height);
      bars.children[place].setAttribute("y", 40 - height);
    });
  }

  function close() {
    clearTimeout(later);
    source?.close();
    source = null;
  }

  function open() {
    close();
    if (isPaused || document.hidden) return;
    const query = new URLSearchParams({ event: input.value.trim(), after: position });
    source = new EventSource(`${data.dataset.stream}?${query}`);
    source.addEventListener("arrived", take);
    source.addEventListener("trouble", () => say("trouble"));
    source.onerror = () => {
      if (source?.readyState !== EventSource.CLOSED) return; /* it comes back by itself */
      say("lost");
      later = setTimeout(open, RETRY_MS);
    };
  }

  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.textContent = isPaused ? pause.dataset.goOn : pause.dataset.pause;
    pause.setAttribute("aria-pressed", String(isPaused));
    say(isPaused ? "paused" : "connecting");
    if (isPaused) close();
    else open();
  });

  let typing = 0;
  function ask() {
    clearTimeout(typing);
    rows.replaceChildren();
    seen.clear();
    counts.fill(0);
    position = "";
    const address = new URL(location.href);
    if (input.value.trim()) address.searchParams.set("event", input.value.trim());
    else address.searchParams.delete("event");
    history.replaceState(history.state, "", address);
    open();
  }
  input.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(ask, 400);
  });
  document.getElementById("live-form").addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);

  for (let place = 0; place < SECONDS; place += 1) {
    const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of Object.entries({ x: place * 5, width: 4, y: 40, height: 0, rx: 1 })) bar.setAttribute(name, value);
    bars.append(bar);
  }
  setInterval(() => {
    counts.shift();
    counts.push(0);
    draw();
  }, 1000);
  open();
})();
