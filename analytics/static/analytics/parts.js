/* Parts of a page that ask for their own data: a failed one says so in its place, and the others go on. Also the small
   manners of forms: a list that is being asked for is pale, and what cannot be undone asks to be typed. */
"use strict";

(() => {
  const partOf = (target) => (target && target.id !== "data" ? target.closest("[data-part]") : null);

  function fail(target) {
    const part = partOf(target);
    if (!part) return;
    const text = document.getElementById("failure").content.querySelector("p").textContent;
    const said = document.createElement("div");
    said.className = "part-error";
    said.setAttribute("role", "alert");
    said.textContent = text;
    part.replaceChildren(said);
  }

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target.id === "data") event.detail.target.setAttribute("aria-busy", "true");
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target } = event.detail;
    if (partOf(target) && xhr.status >= 400 && xhr.getResponseHeader("X-Analytics-Panel")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, (event) => fail(event.detail.target));
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-empty]");
    if (button) document.getElementById(button.dataset.empty).replaceChildren();
  });

  function check(input) {
    input.form.querySelector("button").disabled = input.value.trim() !== input.dataset.mustBe.trim();
  }
  document.addEventListener("input", (event) => {
    if (event.target.dataset.mustBe !== undefined) check(event.target);
  });
  document.addEventListener("htmx:load", (event) => {
    for (const input of event.detail.elt.querySelectorAll("[data-must-be]")) check(input);
  });
})();
