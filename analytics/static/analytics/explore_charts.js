/* Draws the answer of an explorer: lines, stacked bars, bars, the steps of a funnel, a curve. Needs `charts.js`. */
"use strict";

(() => {
  const { annotate, frame, language, palette, short, ticks, titles, write } = globalThis.analyticsCharts;
  const exact = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  const COLOURS = 8;
  const drawn = new Map();

  function colours() {
    const style = getComputedStyle(document.documentElement);
    const series = Array.from({ length: COLOURS }, (_, place) => style.getPropertyValue(`--series-${place + 1}`).trim());
    return { ...palette(), series, lost: style.getPropertyValue("--lost").trim(), dormant: style.getPropertyValue("--dormant").trim() };
  }

  /* Beyond as many lines as there are colours, they come again with dashes. */
  const dashes = (place) => [[], [6, 3], [2, 3]][Math.floor(place / COLOURS) % 3];

  function line(label, values, colour, more) {
    return {
      label,
      data: values,
      borderColor: colour,
      backgroundColor: colour,
      borderWidth: 2,
      cubicInterpolationMode: "monotone",
      pointRadius: values.length === 1 ? 3 : 0,
      pointHoverRadius: 4,
      ...more,
    };
  }

  function lines(data, look) {
    const labels = write(data.buckets, ticks[data.interval]);
    const now = write(data.buckets, titles[data.interval]);
    const before = write(data.before_buckets, titles[data.interval]);
    const last = data.buckets.length - 1;
    const datasets = [];
    data.lines.forEach((one, place) => {
      const colour = look.series[place % COLOURS];
      const borderDash = dashes(place);
      const segment = { borderDash: (context) => (data.is_unfinished && context.p1DataIndex === last ? [3, 3] : undefined) };
      datasets.push(line(one.label, one.values, colour, { borderDash, segment, borderWidth: data.lines.length > 6 ? 1.5 : 2 }));
    });
    data.lines.forEach((one, place) => {
      if (!one.before) return;
      const colour = data.lines.length === 1 ? look.before : look.series[place % COLOURS];
      const values = one.before.slice(0, data.buckets.length);
      datasets.push(line(`${one.label}, ${data.before_label}`, values, colour, { borderDash: [2, 4], borderWidth: 1.25, isBefore: true }));
    });
    const options = frame(look);
    delete options.scales.y.ticks.precision;
    options.plugins.tooltip.itemSort = (a, b) => b.parsed.y - a.parsed.y;
    options.plugins.tooltip.callbacks.title = (items) => now[items[0]?.dataIndex];
    options.plugins.tooltip.callbacks.label = (item) => {
      const when = item.dataset.isBefore ? ` (${before[item.dataIndex]})` : "";
      return `${item.dataset.label}${when}: ${exact.format(item.parsed.y)}`;
    };
    return { type: "line", data: { labels, datasets }, options };
  }

  function bars(labels, sets, look, more) {
    const options = frame(look);
    options.plugins.tooltip.callbacks.label = (item) => `${item.dataset.label}: ${exact.format(item.parsed.y)}`;
    return {
      type: "bar",
      data: { labels, datasets: sets.map((one) => ({ maxBarThickness: 56, borderRadius: 3, ...one })) },
      options: { ...options, ...more },
    };
  }

  function stacked(data, look) {
    const sets = data.lines.map((one, place) => {
      const colour = place === 3 ? look.dormant : look.series[place];
      return { label: one.label, data: one.values, backgroundColor: colour, borderColor: colour, borderRadius: 2 };
    });
    const labels = write(data.buckets, ticks[data.interval]);
    const whole = write(data.buckets, titles[data.interval]);
    const chart = bars(labels, sets, look);
    chart.options.scales.x.stacked = true;
    chart.options.scales.y.stacked = true;
    chart.options.plugins.tooltip.callbacks.title = (items) => whole[items[0]?.dataIndex];
    return chart;
  }

  function plainBars(data, look) {
    const colour = look.series[0];
    return bars(
      data.labels,
      data.lines.map((one) => ({ label: one.label, data: one.values, backgroundColor: colour, borderColor: colour })),
      look,
    );
  }

  /* Each group is a bar of those who came so far, and a pale one of those who did not. */
  function funnel(data, look, width) {
    const sets = [];
    data.groups.forEach((group, place) => {
      const colour = look.series[place % COLOURS];
      const lost = group.percents.map((value) => (group.persons[0] ? 100 - value : 0));
      const shared = { stack: group.label, borderColor: colour, maxBarThickness: 96 };
      sets.push({ ...shared, label: group.label, data: group.percents, persons: group.persons, backgroundColor: colour });
      sets.push({ ...shared, label: data.lost_label, data: lost, isLost: true, backgroundColor: look.lost, borderColor: look.lost });
    });
    const chart = bars(data.steps.map((name, place) => shorten(`${place + 1}. ${name}`, width / data.steps.length)), sets, look);
    asPercent(chart.options);
    chart.options.scales.x.stacked = true;
    chart.options.scales.y.stacked = true;
    chart.options.scales.y.max = 100;
    chart.options.scales.x.ticks.autoSkip = false;
    const { tooltip } = chart.options.plugins;
    tooltip.filter = (item) => !item.dataset.isLost;
    tooltip.callbacks.title = (items) => (items.length ? `${items[0].dataIndex + 1}. ${data.steps[items[0].dataIndex]}` : "");
    tooltip.callbacks.label = (item) => {
      const persons = exact.format(item.dataset.persons[item.dataIndex]);
      return `${item.dataset.label}: ${exact.format(item.parsed.y)}%, ${persons} ${data.persons_label}`;
    };
    return chart;
  }

  function shorten(text, width) {
    const most = Math.max(5, Math.floor(width / 7.5));
    return text.length > most ? `${text.slice(0, most - 1)}…` : text;
  }

  function curve(data, look) {
    const options = frame(look);
    asPercent(options);
    options.plugins.tooltip.callbacks.label = (item) => `${item.dataset.label}: ${exact.format(item.parsed.y)}%`;
    const datasets = data.lines.map((one, place) => line(one.label, one.values, look.series[place], { pointRadius: 2.5, cubicInterpolationMode: "default" }));
    return { type: "line", data: { labels: data.labels, datasets }, options };
  }

  function asPercent(options) {
    delete options.scales.y.grace;
    options.scales.y.ticks.callback = (value) => `${short.format(value)}%`;
  }

  const kinds = { lines, stacked, bars: plainBars, funnel, curve };

  const MOST_IN_LEGEND = 12;

  function legendItem(text, colour) {
    const item = document.createElement("li");
    const mark = document.createElement("span");
    mark.className = colour ? "swatch" : "swatch is-before";
    if (colour) mark.style.background = colour;
    item.append(mark, text);
    return item;
  }

  /* Only where there is more than one thing to tell apart; what lies before is dotted in the same colours. */
  function legend(place, chart, data) {
    const sets = chart.data.datasets.filter((one) => !one.isLost && !one.isBefore).slice(0, MOST_IN_LEGEND);
    const items = sets.map((one) => legendItem(one.label, one.borderColor));
    if (chart.data.datasets.some((one) => one.isBefore)) items.push(legendItem(data.before_label));
    place.replaceChildren(...(items.length > 1 ? items : []));
  }

  function draw(canvas) {
    const data = JSON.parse(document.getElementById(canvas.dataset.exploreChart).textContent);
    const look = colours();
    const config = kinds[data.kind](data, look, canvas.parentElement.clientWidth);
    annotate(config.options, data, look);
    drawn.get(canvas)?.destroy();
    const chart = new Chart(canvas, config);
    drawn.set(canvas, chart);
    legend(canvas.closest("figure").querySelector("[data-legend]"), chart, data);
  }

  function forget() {
    for (const [canvas, chart] of drawn) {
      if (canvas.isConnected) continue;
      chart.destroy();
      drawn.delete(canvas);
    }
  }

  function drawNew() {
    forget();
    for (const canvas of document.querySelectorAll("canvas[data-explore-chart]")) if (!drawn.has(canvas)) draw(canvas);
  }

  function drawAll() {
    forget();
    for (const canvas of document.querySelectorAll("canvas[data-explore-chart]")) draw(canvas);
  }

  document.addEventListener("htmx:afterSettle", drawNew);
  new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["class"] });
})();
