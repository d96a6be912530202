/* Draws the ledger: what became of each day's arrivals, stacked. Needs `charts.js`. */
"use strict";

(() => {
  const { frame, language, palette, ticks, titles, write } = globalThis.analyticsCharts;
  const whole = new Intl.NumberFormat(language);
  const VARIABLES = { stored: "--chart-line", duplicate: "--chart-before", quarantined: "--bad", rejected: "--warn" };
  let drawn = null;

  function draw() {
    drawn?.destroy();
    drawn = null;
    const canvas = document.querySelector("canvas[data-ledger]");
    if (!canvas) return;
    const data = JSON.parse(document.getElementById(canvas.dataset.ledger).textContent);
    const style = getComputedStyle(document.documentElement);
    const days = write(data.buckets, titles.day);
    const options = frame(palette());
    options.scales.x.stacked = options.scales.y.stacked = true;
    options.plugins.tooltip.filter = (item) => item.parsed.y > 0;
    options.plugins.tooltip.callbacks.title = (items) => days[items[0]?.dataIndex];
    options.plugins.tooltip.callbacks.label = (item) => `${item.dataset.label}: ${whole.format(item.parsed.y)}`;
    const datasets = data.series.map((one) => {
      const colour = style.getPropertyValue(VARIABLES[one.key]).trim();
      return { label: one.label, data: one.values, backgroundColor: colour, borderColor: colour, maxBarThickness: 40, borderRadius: 2 };
    });
    drawn = new Chart(canvas, { type: "bar", data: { labels: write(data.buckets, ticks.day), datasets }, options });
  }

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target.id === "data") draw();
  });
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["class"] });
})();
