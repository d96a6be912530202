/* Forms whose fields are named after where they stand: `[data-rows-form]`. Lists of rows (`[data-rows]` of
   `[data-item]`), groups of filters (`[data-group]` with a `select[data-mode]`) and named parts (`[data-at]`) make the
   names that a query string has: `filters.any.2.property`. Rows are added from `template[data-row-template]`.
   The form hears `rows:changed` whenever it asks something else. */
"use strict";

(() => {
  const VALUELESS = ["is_set", "is_not_set"];
  const LISTS = ["in", "not_in"];
  const PLAIN_MEASURES = ["count", "persons", "sessions", "per_person"];
  const formOf = (element) => element.form ?? element.closest?.("[data-rows-form]");
  const isForm = (form) => form?.dataset?.rowsForm !== undefined;
  const itemsOf = (rows) => [...rows.children].filter((child) => child.dataset.item !== undefined);

  function placeOf(field, form) {
    const names = [field.dataset.field];
    if (field.dataset.top !== undefined) return names[0];
    for (let node = field.parentElement; node && node !== form; node = node.parentElement) {
      if (node.dataset.item !== undefined) names.unshift(itemsOf(node.parentElement).indexOf(node) + 1);
      if (node.dataset.at) names.unshift(node.dataset.at);
      if (node.dataset.group !== undefined) names.unshift(modeOf(node).value);
    }
    return names.join(".");
  }

  const modeOf = (group) => group.querySelector(":scope > .group-head [data-mode]");

  /* Names, numbers and letters after every change; what is hidden is not asked. */
  function arrange(form) {
    for (const field of form.querySelectorAll("[data-field]")) field.name = placeOf(field, form);
    for (const place of form.querySelectorAll("[data-value-place], [data-property-place]")) {
      for (const field of place.querySelectorAll("[data-field]")) {
        const isSpare = field.dataset.value !== undefined && field.closest("[data-multiple]");
        field.disabled = place.hidden || Boolean(isSpare);
      }
    }
    for (const group of form.querySelectorAll("[data-group]")) {
      const count = itemsOf(group.querySelector(":scope > [data-rows]")).length;
      group.classList.toggle("is-empty", !count);
      group.classList.toggle("is-plain", count < 2 && modeOf(group).value === "all");
    }
    for (const rows of form.querySelectorAll("[data-rows]")) {
      const items = itemsOf(rows);
      items.forEach((item, place) => {
        const letter = item.querySelector(":scope > .row-main > [data-letter]");
        const number = item.querySelector(":scope > .row-main > [data-number]");
        if (letter) letter.textContent = String.fromCharCode(65 + place);
        if (number) number.textContent = place + 1;
        const remove = item.querySelector(":scope > .row-main > [data-remove-row]");
        if (remove) remove.hidden = items.length <= Number(rows.dataset.least ?? 0);
      });
    }
  }

  function changed(form) {
    arrange(form);
    form.dispatchEvent(new CustomEvent("rows:changed", { bubbles: true }));
  }

  function add(button, name, rows) {
    const form = formOf(button);
    const template = form.querySelector(`template[data-row-template="${name}"]`);
    const piece = template.content.cloneNode(true);
    const row = piece.firstElementChild;
    rows.append(piece);
    analyticsCombobox.prepare(row);
    changed(form);
    row.querySelector("[role=combobox], select")?.focus();
  }

  /* The focus goes to the row before, or to what adds one. */
  function remove(button) {
    const form = formOf(button);
    const row = button.closest("[data-item]");
    const rows = row.parentElement;
    const next = row.previousElementSibling ?? row.nextElementSibling;
    row.remove();
    changed(form);
    const place = next ?? rows.parentElement;
    place.querySelector("[role=combobox], [data-add]:not([hidden])")?.focus();
  }

  function onOperator(select) {
    const place = select.closest("[data-condition]").querySelector("[data-value-place]");
    const box = place.querySelector("[data-combobox]");
    place.hidden = VALUELESS.includes(select.value);
    if (!place.hidden) box.querySelector("[role=combobox]").dataset.required = "";
    analyticsCombobox.setMultiple(box, LISTS.includes(select.value));
    analyticsCombobox.refresh(box);
  }

  function onMeasure(select) {
    const place = select.closest("[data-item]").querySelector("[data-property-place]");
    const box = place.querySelector("[data-combobox]");
    place.hidden = PLAIN_MEASURES.includes(select.value);
    const input = box.querySelector("[role=combobox]");
    if (place.hidden) delete input.dataset.required;
    else input.dataset.required = "";
    analyticsCombobox.refresh(box);
  }

  /* What a list should know: the event whose properties it lists, the property whose values. */
  function tellContext(event) {
    const box = event.target;
    const place = box.closest("[data-event-place]") ?? document.querySelector("[data-rows-form] [data-event-place]");
    const named = place?.querySelector('[data-kind="events"] [data-value]')?.value;
    const isOwn = box.closest("[data-event-place]") || document.querySelectorAll("[data-event-place]").length === 1;
    if (named && isOwn) event.detail.event = named;
    const condition = box.closest("[data-condition]");
    if (event.detail.kind !== "values" || !condition) return;
    event.detail.property = condition.querySelector('[data-kind="properties"] [data-value]').value;
    event.detail.scope = condition.querySelector("[data-scope]").value;
  }

  document.addEventListener("combobox:ask", tellContext);
  document.addEventListener("change", (event) => {
    const { target } = event;
    const form = formOf(target);
    if (!isForm(form) || !form.contains(target) || target.getAttribute("role") === "combobox") return;
    if (target.dataset.operator !== undefined) onOperator(target);
    if (target.dataset.measure !== undefined) onMeasure(target);
    if (target.dataset.cohortSide !== undefined) {
      target.closest("[data-item]").querySelector("[data-value]").dataset.field = target.value;
    }
    changed(form);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || !isForm(formOf(button))) return;
    if (button.dataset.add) {
      const rows = button.closest(".add").parentElement.querySelector(":scope > [data-rows]");
      add(button, button.dataset.add, rows);
    } else if (button.dataset.addInside) {
      add(button, button.dataset.addInside, button.closest("[data-item]").querySelector("[data-group] > [data-rows]"));
    } else if (button.dataset.removeRow !== undefined) remove(button);
  });
  document.addEventListener("DOMContentLoaded", () => {
    for (const form of document.querySelectorAll("[data-rows-form]")) {
      for (const select of form.querySelectorAll("[data-cohort-side]")) {
        select.closest("[data-item]").querySelector("[data-value]").dataset.field = select.value;
      }
      arrange(form);
    }
  });
})();
