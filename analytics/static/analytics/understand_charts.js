/* Draws the charts of metrics, sentiment, anomalies, personas and models: a history with its limits, a band with what
   left it, bars by side, a map, a reliability curve. Needs `charts.js`. */
"use strict";

(() => {
  const { frame, language, palette, short, ticks, titles, write } = globalThis.analyticsCharts;
  const exact = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  const share = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
  const COLOURS = 8;
  const drawn = new Map();

  function colours() {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(name).trim();
    return {
      ...palette(),
      series: Array.from({ length: COLOURS }, (_, place) => of(`--series-${place + 1}`)),
      band: of("--band"),
      good: of("--good"),
      bad: of("--bad"),
      warn: of("--warn"),
      target: of("--good"),
      warning: of("--warn"),
      critical: of("--bad"),
      negative: of("--negative"),
      neutral: of("--neutral"),
      positive: of("--positive"),
    };
  }

  const units = {
    percent: (text) => `${text}%`,
    seconds: (text) => `${text} s`,
    milliseconds: (text) => `${text} ms`,
  };
  const inUnit = (unit) => (value) => (units[unit] ?? ((text) => text))(exact.format(value));

  function line(label, values, colour, more) {
    return {
      label,
      data: values,
      borderColor: colour,
      backgroundColor: colour,
      borderWidth: 2,
      cubicInterpolationMode: "monotone",
      pointRadius: values.length < 2 ? 3 : 0,
      pointHoverRadius: 4,
      ...more,
    };
  }

  function overDays(data, look) {
    const options = frame(look);
    const whole = write(data.buckets, titles.day);
    delete options.scales.y.ticks.precision;
    options.scales.y.ticks.callback = (value) => (units[data.unit] ?? ((text) => text))(short.format(value));
    options.plugins.tooltip.callbacks.title = (items) => whole[items[0]?.dataIndex];
    options.plugins.tooltip.callbacks.label = (item) => `${item.dataset.label}: ${inUnit(data.unit)(item.parsed.y)}`;
    return options;
  }

  const dashes = { target: [6, 4], warning: [3, 3], critical: [2, 2] };

  function history(data, look) {
    const last = data.buckets.length - 1;
    const segment = { borderDash: (context) => (data.is_unfinished && context.p1DataIndex === last ? [3, 3] : undefined) };
    const lines = data.lines.map((one, place) => line(one.label, one.values, look.series[place % COLOURS], { segment, spanGaps: true, cubicInterpolationMode: "default" }));
    const limits = data.limits.map((one) =>
      line(one.label, data.buckets.map(() => one.value), look[one.name], {
        borderDash: dashes[one.name],
        borderWidth: 1.5,
        pointRadius: 0,
        pointHoverRadius: 0,
        isDashed: true,
      }),
    );
    const options = overDays(data, look);
    const lowest = Math.min(...data.lines.flatMap((one) => one.values.filter((value) => value !== null)));
    options.scales.y.beginAtZero = lowest >= 0;
    return { type: "line", data: { labels: write(data.buckets, ticks.day), datasets: [...lines, ...limits] }, options };
  }

  /* The band is one area between two edges; what left it is marked by a point, an alarm by a larger one. */
  function band(data, look) {
    const edge = { borderWidth: 0, pointRadius: 0, pointHoverRadius: 0, cubicInterpolationMode: "default", isEdge: true };
    const kindAt = new Map(data.marks.map((mark) => [mark.index, mark.is_alarm]));
    const radius = (context) => (kindAt.has(context.dataIndex) ? (kindAt.get(context.dataIndex) ? 7 : 4.5) : 0);
    const datasets = [
      line(data.value_label, data.values, look.series[0], {
        pointRadius: radius,
        pointStyle: (context) => (kindAt.get(context.dataIndex) ? "rectRot" : "circle"),
        pointBackgroundColor: look.bad,
        pointBorderColor: look.surface,
        pointBorderWidth: 1.5,
        spanGaps: true,
        cubicInterpolationMode: "default",
      }),
      line(data.expected_label, data.expected, look.before, { borderDash: [4, 4], borderWidth: 1.25, pointRadius: 0, isDashed: true }),
      line(data.upper_label, data.upper, look.band, { ...edge, fill: 3, backgroundColor: look.band }),
      line(data.lower_label, data.lower, look.band, { ...edge, fill: false }),
    ];
    const options = overDays(data, look);
    return {
      type: "line",
      data: { labels: write(data.buckets, ticks.day), datasets },
      options,
      legendMore: [{ label: data.band_label, colour: look.band }, ...(data.marks.length ? [{ label: data.mark_label, colour: look.bad }] : [])],
    };
  }

  /* Texts a day by their side, stacked. */
  function sides(data, look) {
    const options = overDays(data, look);
    options.scales.x.stacked = true;
    options.scales.y.stacked = true;
    options.scales.y.ticks.precision = 0;
    const datasets = data.sides.map((one) => ({
      label: one.label,
      data: one.values,
      backgroundColor: look[one.name],
      borderColor: look[one.name],
      maxBarThickness: 40,
      borderRadius: 2,
    }));
    return { type: "bar", data: { labels: write(data.buckets, ticks.day), datasets }, options };
  }

  /* Scores in bins, each in the colour of its side. */
  function scores(data, look) {
    const options = frame(look);
    options.plugins.tooltip.callbacks.title = (items) => data.ranges[items[0]?.dataIndex];
    options.plugins.tooltip.callbacks.label = (item) => `${data.label}: ${exact.format(item.parsed.y)}`;
    options.plugins.tooltip.callbacks.labelColor = (item) => ({ borderColor: look[data.sides[item.dataIndex]], backgroundColor: look[data.sides[item.dataIndex]] });
    const fills = data.sides.map((name) => look[name]);
    const dataset = { label: data.label, data: data.values, backgroundColor: fills, borderColor: fills, categoryPercentage: 0.96, barPercentage: 0.96, borderRadius: 2 };
    return { type: "bar", data: { labels: data.ranges.map((range) => range.split(" ")[0]), datasets: [dataset] }, options, hasNoLegend: true };
  }

  function plane(look, x, y) {
    const options = frame(look);
    /* A long title would be squeezed on a phone: there it stands in lines. */
    const isNarrow = document.getElementById("data").clientWidth < 560;
    const inLines = (text) => (isNarrow ? text.split(/ (?=[+(−])/) : text);
    const title = (text) => ({ display: true, text: inLines(text), color: look.text, font: { family: "Inter, sans-serif", size: isNarrow ? 11 : 12 } });
    options.interaction = { mode: "nearest", intersect: true };
    for (const [axis, text] of [["x", x], ["y", y]]) {
      const scale = options.scales[axis];
      scale.type = "linear";
      scale.beginAtZero = false;
      scale.grid = { color: look.grid, drawTicks: false };
      scale.border = { display: false };
      scale.title = title(text);
      delete scale.ticks.precision;
      delete scale.ticks.callback;
      delete scale.ticks.autoSkipPadding;
    }
    return options;
  }

  /* Users as small dots, the middle of a persona as a large one, whose area follows the number of its people. */
  function map(data, look) {
    const options = plane(look, data.x_label, data.y_label);
    options.scales.x.ticks.maxTicksLimit = options.scales.y.ticks.maxTicksLimit = 6;
    options.plugins.tooltip.callbacks.label = (item) => item.dataset.tip;
    const colourOf = (place) => (place < 0 ? look.before : look.series[place % COLOURS]);
    const asPoints = (places) => places.map(([x, y]) => ({ x, y }));
    const middles = data.personas.map((one, place) => ({
      label: one.name,
      tip: one.tip,
      data: asPoints([one.middle]),
      backgroundColor: `color-mix(in srgb, ${colourOf(place)} 72%, transparent)`,
      borderColor: colourOf(place),
      borderWidth: 2,
      pointRadius: 8 + 26 * Math.sqrt(one.share),
      pointHoverRadius: 10 + 26 * Math.sqrt(one.share),
    }));
    const dots = data.personas.map((one, place) => ({
      label: one.name,
      tip: one.dot_tip,
      data: asPoints(one.dots),
      backgroundColor: colourOf(place),
      borderColor: colourOf(place),
      pointRadius: 2,
      pointHoverRadius: 4,
      isDot: true,
    }));
    return { type: "scatter", data: { datasets: [...middles, ...dots] }, options };
  }

  function reliability(data, look) {
    const options = plane(look, data.x_label, data.y_label);
    for (const axis of ["x", "y"]) {
      options.scales[axis].min = 0;
      options.scales[axis].max = 1;
      options.scales[axis].ticks.callback = (value) => share.format(value);
      options.scales[axis].ticks.maxTicksLimit = 6;
      delete options.scales[axis].grace;
    }
    options.plugins.tooltip.callbacks.label = (item) => data.points[item.dataIndex]?.tip;
    options.plugins.tooltip.filter = (item) => item.datasetIndex === 0;
    const most = Math.max(...data.points.map((one) => one.count), 1);
    const curve = line(data.label, data.points.map((one) => ({ x: one.predicted, y: one.observed })), look.series[0], {
      showLine: true,
      cubicInterpolationMode: "default",
      pointRadius: (context) => 3 + 7 * Math.sqrt((data.points[context.dataIndex]?.count ?? 0) / most),
      pointHoverRadius: 10,
      clip: false,
    });
    const perfect = line(data.perfect_label, [{ x: 0, y: 0 }, { x: 1, y: 1 }], look.before, { showLine: true, borderDash: [4, 4], borderWidth: 1.25, pointRadius: 0, pointHoverRadius: 0, isDashed: true });
    return { type: "scatter", data: { datasets: [curve, perfect] }, options };
  }

  const kinds = { history, band, sides, scores, map, reliability };

  function legendItem({ label, colour, isDashed }) {
    const item = document.createElement("li");
    const mark = document.createElement("span");
    mark.className = isDashed ? "swatch is-dashed" : "swatch";
    if (isDashed) mark.style.borderColor = colour;
    else mark.style.background = colour;
    item.append(mark, label);
    return item;
  }

  function legend(place, made) {
    if (!place || made.hasNoLegend) return;
    const sets = made.data.datasets.filter((one) => !one.isEdge && !one.isDot);
    const items = [...sets.map((one) => ({ label: one.label, colour: one.borderColor, isDashed: one.isDashed })), ...(made.legendMore ?? [])];
    place.replaceChildren(...(items.length > 1 ? items.map(legendItem) : []));
  }

  function drawAll() {
    for (const [canvas, chart] of drawn) {
      chart.destroy();
      drawn.delete(canvas);
    }
    const look = colours();
    for (const canvas of document.querySelectorAll("canvas[data-understand-chart]")) {
      const data = JSON.parse(document.getElementById(canvas.dataset.understandChart).textContent);
      const made = kinds[data.kind](data, look);
      drawn.set(canvas, new Chart(canvas, { type: made.type, data: made.data, options: made.options }));
      legend(canvas.closest("figure").querySelector("[data-legend]"), made);
    }
  }

  document.addEventListener("htmx:afterSettle", drawAll);
  new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["class"] });
})();
