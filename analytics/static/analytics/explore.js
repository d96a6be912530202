/* The explorers: asks when the question has changed and is whole, and saves the picture of the answer. */
"use strict";

(() => {
  const WAIT_MS = 250;
  const MARGIN = 16;
  const form = () => document.getElementById("question");
  const lack = () => form().querySelector("[data-lack]");
  let timer = 0;

  const asked = () => new URLSearchParams([...new FormData(form())].filter(([, text]) => text !== "")).toString();
  let last = "";

  /* Half a question is not asked; what is lacking is marked, and said. */
  function ask() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const isWhole = form().checkValidity();
      lack().hidden = isWhole;
      const now = asked();
      if (!isWhole || now === last) return;
      last = now;
      document.getElementById("data").setAttribute("aria-busy", "true");
      htmx.trigger(form(), "ask");
    }, WAIT_MS);
  }

  /* Days of one's own count as soon as one of them is changed, and are asked for by the button. */
  function chooseDays(isOwn) {
    for (const day of document.querySelectorAll("[data-day]")) {
      if (isOwn) day.name = day.dataset.day;
      else day.removeAttribute("name");
    }
    document.querySelector("details.custom").toggleAttribute("data-chosen", isOwn);
    if (isOwn) for (const radio of document.querySelectorAll("input[name=days]")) radio.checked = false;
  }

  function save(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  /* On the page's own colour, because a picture without one cannot be read on a page of another. */
  function toPicture(source, width, height, scale) {
    const canvas = document.createElement("canvas");
    const edge = MARGIN * scale;
    canvas.width = width * scale + 2 * edge;
    canvas.height = height * scale + 2 * edge;
    const context = canvas.getContext("2d");
    context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--surface").trim();
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(source, edge, edge, width * scale, height * scale);
    return new Promise((done) => { canvas.toBlob(done, "image/png"); });
  }

  /* A drawing outside the page knows no style sheet: what it looks like goes into its attributes. */
  async function ofDrawing(drawing) {
    const copy = drawing.cloneNode(true);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    const originals = drawing.querySelectorAll("path, rect, text");
    copy.querySelectorAll("path, rect, text").forEach((part, place) => {
      const style = getComputedStyle(originals[place]);
      for (const name of ["fill", "stroke", "stroke-opacity", "stroke-width", "paint-order", "font-family", "font-size", "font-weight"]) {
        part.setAttribute(name, style.getPropertyValue(name));
      }
    });
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
    await image.decode();
    return toPicture(image, drawing.width.baseVal.value, drawing.height.baseVal.value, 2);
  }

  async function savePicture(name) {
    const chart = document.getElementById("chart");
    const blob = chart.tagName === "CANVAS" ? await toPicture(chart, chart.width, chart.height, 1) : await ofDrawing(chart);
    save(blob, name);
  }

  async function copyLink(button) {
    try {
      await navigator.clipboard.writeText(location.href);
    } catch {
      return; /* without HTTPS a page may not write to the clipboard; the address bar has the link */
    }
    button.classList.add("done");
    const status = document.getElementById("status");
    status.textContent = status.dataset.copied;
  }

  document.addEventListener("rows:changed", ask);
  document.addEventListener("input", (event) => {
    if (event.target.dataset.day) chooseDays(true);
  });
  document.addEventListener("change", (event) => {
    if (event.target.name === "days") {
      chooseDays(false);
      ask();
    } else if (event.target.name === "timezone") ask();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.id === "range-show") document.querySelector("details.custom").open = false;
    else if (button.dataset.png) savePicture(button.dataset.png);
    else if (button.dataset.copyLink !== undefined) copyLink(button);
    else if (button.id === "question-toggle") {
      const isOpen = button.getAttribute("aria-expanded") !== "true";
      button.setAttribute("aria-expanded", String(isOpen));
      button.closest(".question").classList.toggle("is-open", isOpen);
    }
  });
  document.addEventListener("submit", (event) => {
    if (event.target !== form()) return;
    last = asked();
    document.getElementById("data").setAttribute("aria-busy", "true");
  });
  document.addEventListener("DOMContentLoaded", () => { last = asked(); });
})();
