/* A text field with a list that the server fills: `[data-combobox]` (see explore/combobox.html). By keyboard: arrows
   move in the list, Enter takes, Escape gives up, Backspace in an empty field takes the last of several values back.
   It says `change` on its hidden field, and `combobox:chosen` with the option, and knows nothing of the page.
   Context for the list: `data-context` is filled by whoever knows the page, on the event `combobox:ask`. */
"use strict";

(() => {
  const WAIT_MS = 150;
  const words = () => document.getElementById("combobox-words").dataset;
  const parts = (box) => ({
    input: box.querySelector("[role=combobox]"),
    value: box.querySelector("[data-value]"),
    scope: box.querySelector("[data-scope]"),
    scopeName: box.querySelector("[data-scope-name]"),
    chips: box.querySelector("[data-chips]"),
  });
  const isMultiple = (box) => box.dataset.multiple !== undefined;
  const boxOf = (element) => element.closest?.("[data-combobox]");
  let open = null; /* the one list that is open: { box, list, options, active, request } */
  let counter = 0;
  let timer = 0;

  function show(box) {
    if (open?.box === box) return;
    close();
    const { input } = parts(box);
    const list = document.createElement("ul");
    list.id = `combobox-list-${(counter += 1)}`;
    list.className = "combobox-list";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", input.getAttribute("aria-label"));
    box.append(list);
    input.setAttribute("aria-controls", list.id);
    input.setAttribute("aria-expanded", "true");
    open = { box, list, options: [], active: -1, request: null };
  }

  function close() {
    if (!open) return;
    clearTimeout(timer);
    open.request?.abort();
    const { input } = parts(open.box);
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-controls");
    input.removeAttribute("aria-activedescendant");
    open.list.remove();
    open = null;
  }

  function note(text) {
    const item = document.createElement("li");
    item.className = "note";
    item.setAttribute("role", "option");
    item.setAttribute("aria-disabled", "true");
    item.textContent = text;
    open.list.replaceChildren(item);
    open.options = [];
    open.active = -1;
  }

  /* What was typed; the name that stands there already is no search. */
  function typedIn(box) {
    const { input, value } = parts(box);
    const isUntouched = !isMultiple(box) && input.dataset.text === input.value && value.value !== "";
    return isUntouched ? "" : input.value.trim();
  }

  async function ask(box, waits) {
    show(box);
    const mine = open;
    clearTimeout(timer);
    if (waits) await new Promise((done) => { timer = setTimeout(done, WAIT_MS); });
    if (open !== mine) return;
    mine.request?.abort();
    mine.request = new AbortController();
    if (!mine.options.length) note(words().loading);
    const detail = { kind: box.dataset.kind, q: typedIn(box) };
    box.dispatchEvent(new CustomEvent("combobox:ask", { bubbles: true, detail }));
    try {
      const address = `${box.dataset.url}?${new URLSearchParams(detail)}`;
      const answer = await fetch(address, { signal: mine.request.signal, headers: { Accept: "application/json" } });
      const found = await answer.json();
      if (open !== mine) return;
      if (answer.ok) fill(found.groups, typedIn(box));
      else note(found.detail);
    } catch (error) {
      if (error.name !== "AbortError" && open === mine) note(words().failed);
    }
  }

  function fill(groups, typed) {
    const { box, list } = open;
    const items = [];
    open.options = [];
    for (const group of groups) {
      if (group.label) items.push(heading(group.label));
      for (const option of group.options) items.push(optionItem(option));
    }
    const isListed = open.options.some(({ option }) => option.label === typed);
    const takesAnything = !["cohorts", "zones"].includes(box.dataset.kind);
    if (typed && !isListed && takesAnything) {
      const label = words().free.replace("%s", () => typed);
      items.push(optionItem({ value: typed, label, text: typed, detail: "", isFree: true }));
    }
    if (!items.length) return note(words().nothing);
    list.replaceChildren(...items);
    const chosen = open.options.findIndex(({ option }) => option.value === parts(box).value.value);
    mark(typed ? 0 : chosen);
    say(words().found.replace("%s", open.options.length));
  }

  function heading(text) {
    const item = document.createElement("li");
    item.className = "heading";
    item.setAttribute("role", "presentation");
    item.textContent = text;
    return item;
  }

  function optionItem(option) {
    const item = document.createElement("li");
    item.id = `${open.list.id}-${open.options.length}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = option.label;
    const more = document.createElement("span");
    more.className = "detail";
    more.textContent = option.detail;
    item.append(name, more);
    open.options.push({ option, item });
    return item;
  }

  function mark(place) {
    if (!open?.options.length) return;
    open.options[open.active]?.item.setAttribute("aria-selected", "false");
    open.active = place;
    const { input } = parts(open.box);
    const chosen = open.options[place];
    if (!chosen) return input.removeAttribute("aria-activedescendant");
    chosen.item.setAttribute("aria-selected", "true");
    chosen.item.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", chosen.item.id);
  }

  const say = (text) => { document.getElementById("status").textContent = text; };

  function choose(box, option) {
    const { input, value, scope } = parts(box);
    const text = option.text ?? option.label;
    if (isMultiple(box)) {
      addChip(box, option.value, text);
      input.value = "";
    } else {
      input.value = text;
      input.dataset.text = text;
      value.value = option.value;
      if (scope && option.scope) scope.value = option.scope;
    }
    close();
    refresh(box);
    box.dispatchEvent(new CustomEvent("combobox:chosen", { bubbles: true, detail: option }));
    value.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function clear(box) {
    const { input, value, scope, chips } = parts(box);
    input.value = "";
    input.dataset.text = "";
    value.value = "";
    if (scope) scope.value = "event";
    chips?.replaceChildren();
    refresh(box);
    value.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function addChip(box, value, text) {
    const { chips } = parts(box);
    if ([...chips.querySelectorAll("input")].some((input) => input.value === value)) return;
    const chip = document.createElement("span");
    chip.className = "chip";
    chip.dataset.chip = "";
    const name = document.createElement("span");
    name.textContent = text;
    const hidden = document.createElement("input");
    hidden.type = "hidden";
    hidden.dataset.field = "value";
    hidden.value = value;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.dataset.removeChip = "";
    remove.setAttribute("aria-label", words().remove.replace("%s", () => text));
    remove.append(document.getElementById("combobox-words").content.cloneNode(true));
    chip.append(name, hidden, remove);
    chips.append(chip);
  }

  function removeChip(chip) {
    const box = boxOf(chip);
    chip.remove();
    refresh(box);
    const { input, value } = parts(box);
    input.focus();
    value.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /* What follows from the value: whether it can be cleared, whether something is still lacking, whose property it is. */
  function refresh(box) {
    const { input, value, scope, scopeName, chips } = parts(box);
    const hasValue = isMultiple(box) ? Boolean(chips.children.length) : value.value !== "";
    box.classList.toggle("has-value", hasValue);
    input.required = input.dataset.required !== undefined && !hasValue && !box.closest("[hidden]");
    input.title = isMultiple(box) ? "" : input.value;
    if (scopeName) scopeName.textContent = hasValue ? words()[scope.value] ?? "" : "";
  }

  /* Leaving the field keeps what was chosen; a name typed in full is taken as it is. */
  function leave(box) {
    const { input, value } = parts(box);
    const typed = input.value.trim();
    const listed = open?.box === box ? open.options.find(({ option }) => !option.isFree && option.label === typed) : null;
    close();
    if (isMultiple(box)) {
      if (typed) choose(box, { value: typed, label: typed });
    } else if (listed && listed.option.value !== value.value) choose(box, listed.option);
    else if (!typed && value.value) clear(box);
    else if (typed && typed !== input.dataset.text) {
      if (box.dataset.kind === "values") choose(box, { value: typed, label: typed });
      else input.value = input.dataset.text ?? "";
    }
  }

  function onKey(event) {
    const box = boxOf(event.target);
    if (!box || event.target.getAttribute("role") !== "combobox") return;
    const isOpen = open?.box === box;
    const count = isOpen ? open.options.length : 0;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (!isOpen) ask(box, false);
      else if (count) mark(open.active < 0 && step < 0 ? count - 1 : (open.active + step + count) % count);
    } else if (event.key === "Enter" && isOpen) {
      event.preventDefault();
      const chosen = open.options[open.active];
      if (chosen) choose(box, chosen.option);
      else if (typedIn(box) && box.dataset.kind === "values") choose(box, { value: typedIn(box), label: typedIn(box) });
    } else if (event.key === "Enter" && isMultiple(box)) event.preventDefault();
    else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      const { input } = parts(box);
      input.value = isMultiple(box) ? "" : input.dataset.text ?? "";
      close();
    } else if (event.key === "Backspace" && !event.target.value && isMultiple(box)) {
      const last = box.querySelector("[data-chip]:last-child");
      if (last) removeChip(last);
    } else if (isOpen && (event.key === "Home" || event.key === "End") && event.ctrlKey) {
      event.preventDefault();
      mark(event.key === "Home" ? 0 : count - 1);
    }
  }

  /* Several values or one: what is there is kept where it can be. */
  function setMultiple(box, isSeveral) {
    if (isSeveral === isMultiple(box)) return;
    const { input, value, chips } = parts(box);
    if (isSeveral) {
      box.dataset.multiple = "";
      if (value.value) addChip(box, value.value, input.value);
      input.value = "";
      value.value = "";
    } else {
      delete box.dataset.multiple;
      value.value = chips.querySelector("input")?.value ?? "";
      input.value = value.value;
      chips.replaceChildren();
    }
    value.disabled = isSeveral;
    input.dataset.text = input.value;
    refresh(box);
  }

  function prepare(root) {
    for (const box of root.querySelectorAll("[data-combobox]")) {
      const { input } = parts(box);
      input.dataset.text = input.value;
      refresh(box);
    }
  }

  document.addEventListener("input", (event) => {
    if (event.target.getAttribute?.("role") === "combobox") ask(boxOf(event.target), true);
  });
  document.addEventListener("keydown", onKey, true);
  document.addEventListener("focusout", (event) => {
    const box = boxOf(event.target);
    if (box && event.target.getAttribute("role") === "combobox" && !box.contains(event.relatedTarget)) leave(box);
  });
  document.addEventListener("mousedown", (event) => {
    const item = event.target.closest(".combobox-list li");
    if (!item) return;
    event.preventDefault(); /* the field keeps the focus */
    const chosen = open.options.find((one) => one.item === item);
    if (chosen) choose(open.box, chosen.option);
  });
  document.addEventListener("click", (event) => {
    const box = boxOf(event.target);
    if (!box) return;
    if (event.target.closest("[data-clear]")) {
      clear(box);
      parts(box).input.focus();
    } else if (event.target.closest("[data-remove-chip]")) removeChip(event.target.closest("[data-chip]"));
    else if (event.target === parts(box).input) {
      event.target.select();
      ask(box, false);
    } else if (!event.target.closest(".combobox-list")) parts(box).input.focus();
  });
  document.addEventListener("DOMContentLoaded", () => prepare(document));

  globalThis.analyticsCombobox = { clear, prepare, refresh, setMultiple };
})();
