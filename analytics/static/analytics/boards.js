/* Dashboards and the forms beside answers: tiles that are moved where they stand, and fields that belong to a choice. */
"use strict";

(() => {
  const say = (text) => { document.getElementById("status").textContent = text; };

  /* Fields that only one choice needs. What is hidden is neither required nor sent. */
  function show(id, isShown) {
    const place = document.getElementById(id);
    if (!place) return;
    place.hidden = !isShown;
    for (const field of place.querySelectorAll("input, select, textarea")) field.disabled = !isShown;
  }

  function follow(select) {
    const { showsDates, showsWeekday, showsName, hidesName } = select.dataset;
    if (showsDates) show(showsDates, select.value === "dates");
    if (showsWeekday) show(showsWeekday, select.value === "weekly");
    if (showsName) show(showsName, select.value === "new");
    if (hidesName) show(hidesName, select.value === "");
  }

  const FOLLOWED = "[data-shows-dates], [data-shows-weekday], [data-shows-name], [data-hides-name]";
  document.addEventListener("change", (event) => {
    if (event.target.matches(FOLLOWED)) follow(event.target);
  });
  document.addEventListener("htmx:load", (event) => {
    for (const select of event.detail.elt.querySelectorAll(FOLLOWED)) follow(select);
  });

  /* A form that opens takes the focus, so that whoever came by keyboard can type at once. */
  document.addEventListener("toggle", (event) => {
    const details = event.target;
    if (!details.matches("details.custom[id]") || !details.open) return;
    for (const other of document.querySelectorAll("details.custom[open]")) if (other !== details) other.open = false;
    details.querySelector("select, input:not([type=hidden]), textarea, .button")?.focus();
  }, true);

  function arrange(button) {
    const isOn = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isOn));
    for (const form of document.querySelectorAll("[data-tile-form]")) form.hidden = !isOn;
    if (isOn) document.querySelector("[data-tile-form] button").focus();
  }

  const nameOf = (tile) => tile.querySelector("h3").textContent;

  function move(tile, wanted) {
    const other = wanted === "before" ? tile.previousElementSibling : tile.nextElementSibling;
    if (!other) return;
    if (wanted === "before") other.before(tile);
    else other.after(tile);
  }

  function tell(tile) {
    const tiles = [...tile.parentElement.children];
    say(`${nameOf(tile)}: ${tile.parentElement.dataset.moved} ${tiles.indexOf(tile) + 1} / ${tiles.length}`);
  }

  function resize(tile, width, form) {
    tile.classList.toggle("half", width === "half");
    tile.classList.toggle("full", width === "full");
    for (const value of ["half", "full"]) {
      form.querySelector(`[value=${value}]`).setAttribute("aria-pressed", String(value === width));
    }
    tell(tile);
  }

  function remove(tile) {
    const next = tile.nextElementSibling || tile.previousElementSibling;
    tile.remove();
    if (next) next.querySelector("[data-tile-form] button").focus();
    else location.reload();
  }

  /* The server first, then the page: what is seen is what was kept. */
  async function change(form, button) {
    const body = new FormData(form);
    body.set("do", button.value);
    let answer;
    try {
      answer = await fetch(form.action, { method: "POST", body, headers: { "X-Analytics-Part": "1" } });
    } catch {
      answer = null;
    }
    if (!answer || !answer.ok) {
      location.reload();
      return;
    }
    const tile = form.closest("[data-tile]");
    if (button.value === "remove") remove(tile);
    else if (button.value === "half" || button.value === "full") resize(tile, button.value, form);
    else {
      move(tile, button.value);
      button.focus();
      tell(tile);
    }
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-tile-form]")) return;
    event.preventDefault();
    change(event.target, event.submitter);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#arrange");
    if (button) arrange(button);
  });
})();
