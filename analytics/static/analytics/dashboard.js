/* The shell's few manners: menu, colours, copying, retrying, and saying what happens to those who do not see it. */
"use strict";

(() => {
  const root = document.documentElement;
  const data = () => document.getElementById("data");

  function say(name) {
    const status = document.getElementById("status");
    status.textContent = status.dataset[name];
  }

  function openMenu(isOpen) {
    root.classList.toggle("menu-open", isOpen);
    const button = document.getElementById("menu-button");
    button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) document.querySelector("#sidebar a").focus();
    else if (document.activeElement.closest("#sidebar")) button.focus();
  }

  async function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      /* without HTTPS a page may not write to the clipboard: mark the text for the reader's own hands */
      getSelection().selectAllChildren(source);
      return;
    }
    button.classList.add("done");
    say("copied");
  }

  function readAgain() {
    const place = data();
    place.setAttribute("aria-busy", "true");
    say("loading");
    htmx.trigger(place, "again");
  }

  function showFailure(place) {
    place.replaceChildren(document.getElementById("failure").content.cloneNode(true));
    place.setAttribute("aria-busy", "false");
  }

  function showProof() {
    for (const card of document.querySelectorAll("[popover]:popover-open")) card.hidePopover();
    const proof = document.getElementById("proof");
    proof.open = true;
    proof.scrollIntoView();
    proof.querySelector("summary").focus();
  }

  document.addEventListener("click", (event) => {
    const hit = (selector) => event.target.closest(selector);
    const outside = document.querySelector("details.custom[open]");
    if (outside && !outside.contains(event.target)) outside.open = false;
    if (hit("[data-theme]")) analyticsTheme.choose(hit("[data-theme]").dataset.theme);
    else if (hit("#menu-button")) openMenu(!root.classList.contains("menu-open"));
    else if (hit("[data-close-menu]")) openMenu(false);
    else if (hit("[data-copy]")) copy(hit("[data-copy]"));
    else if (hit("[data-again]")) readAgain();
    else if (hit('a[href="#proof"]')) {
      event.preventDefault(); /* following the link would take the focus away again */
      showProof();
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const custom = document.querySelector("details.custom[open]");
    if (custom) {
      custom.open = false;
      custom.querySelector("summary").focus();
    } else if (root.classList.contains("menu-open")) openMenu(false);
  });

  /* A failed answer is shown only if it is a panel of ours; anything else becomes the panel in the page. */
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target } = event.detail;
    if (target === data() && xhr.status >= 400 && xhr.getResponseHeader("X-Analytics-Panel")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, (event) => {
      if (event.detail.target === data() || event.detail.elt === data()) showFailure(data());
    });
  }
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target !== data()) return;
    data().setAttribute("aria-busy", "false");
    say("loaded");
  });

  analyticsTheme.apply(analyticsTheme.chosen());
})();
