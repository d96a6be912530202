/* Draws every canvas that names a JSON block: the range as a line over the period before, dashed and grey. */
"use strict";

(() => {
  const language = document.documentElement.lang || undefined;
  const drawn = new Map();

  const ticks = {
    hour: { hour: "numeric", minute: "2-digit" },
    day: { day: "numeric", month: "short" },
    week: { day: "numeric", month: "short" },
    month: { month: "short", year: "numeric" },
  };
  const titles = {
    hour: { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" },
    day: { weekday: "short", day: "numeric", month: "short", year: "numeric" },
    week: { day: "numeric", month: "short", year: "numeric" },
    month: { month: "long", year: "numeric" },
  };

  /* Buckets are wall times of the deployment's zone, whatever zone the reader is in: UTC keeps them as they are. */
  function write(buckets, format) {
    const formatter = new Intl.DateTimeFormat(language, { ...format, timeZone: "UTC" });
    return buckets.map((at) => formatter.format(new Date(`${at}Z`)));
  }

  const whole = new Intl.NumberFormat(language);
  const short = new Intl.NumberFormat(language, { notation: "compact" });

  function palette() {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(name).trim();
    return {
      line: of("--chart-line"),
      fill: of("--chart-fill"),
      before: of("--chart-before"),
      grid: of("--chart-grid"),
      text: of("--subtle"),
      tip: of("--tip"),
      tipText: of("--tip-text"),
      surface: of("--surface"),
    };
  }

  function fade(context, colours) {
    const { chart } = context;
    if (!chart.chartArea) return "transparent";
    const gradient = chart.ctx.createLinearGradient(0, chart.chartArea.top, 0, chart.chartArea.bottom);
    gradient.addColorStop(0, colours.fill);
    gradient.addColorStop(1, "transparent");
    return gradient;
  }

  function datasets(data, colours) {
    const shared = {
      borderWidth: 2,
      cubicInterpolationMode: "monotone",
      pointHoverRadius: 4,
      pointHoverBorderWidth: 2,
      pointHoverBorderColor: colours.surface,
      pointRadius: data.values.length === 1 ? 3 : 0,
    };
    const last = data.values.length - 1;
    return [
      {
        ...shared,
        label: data.label,
        data: data.values,
        borderColor: colours.line,
        pointBackgroundColor: colours.line,
        fill: false,
        /* the last bucket still goes on */
        segment: { borderDash: (context) => (data.is_unfinished && context.p1DataIndex === last ? [3, 3] : undefined) },
      },
      {
        ...shared,
        label: data.before_label,
        data: data.before.slice(0, data.values.length),
        borderColor: colours.before,
        pointBackgroundColor: colours.before,
        borderDash: [5, 5],
        borderWidth: 1.5,
        fill: false,
      },
      /* the area apart from its line, which would cut it in two where its dashes change */
      {
        ...shared,
        data: data.values,
        borderWidth: 0,
        pointRadius: 0,
        pointHoverRadius: 0,
        backgroundColor: (context) => fade(context, colours),
        fill: "origin",
      },
    ];
  }

  /* What all charts of the dashboard share: axes, their texts, and the tip. */
  function frame(colours) {
    const font = { family: "Inter, sans-serif", size: 12 };
    return {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      locale: language,
      interaction: { mode: "index", intersect: false },
      layout: { padding: { top: 6, right: 2 } },
      scales: {
        x: {
          grid: { display: false },
          border: { color: colours.grid },
          ticks: { color: colours.text, font, maxRotation: 0, autoSkipPadding: 24 },
        },
        y: {
          beginAtZero: true,
          grace: "5%",
          grid: { color: colours.grid, drawTicks: false },
          border: { display: false },
          ticks: { color: colours.text, font, padding: 8, maxTicksLimit: 5, precision: 0, callback: (value) => short.format(value) },
        },
      },
      plugins: {
        legend: { display: false },
        tooltip: {
          backgroundColor: colours.tip,
          titleColor: colours.tipText,
          bodyColor: colours.tipText,
          titleFont: { ...font, weight: 600 },
          bodyFont: font,
          padding: 10,
          cornerRadius: 6,
          boxWidth: 8,
          boxHeight: 8,
          boxPadding: 4,
          callbacks: {
            labelColor: (item) => ({ borderColor: item.dataset.borderColor, backgroundColor: item.dataset.borderColor }),
          },
        },
      },
    };
  }

  /* Notes on dates: a numbered flag on a dashed line, and their words in the tip. The numbers are those of the list
     below the chart, so that nothing depends on a colour. */
  const notes = {
    id: "notes",
    afterDatasetsDraw(chart, _, { flags, colours }) {
      if (!flags?.length || !chart.chartArea) return;
      const { ctx, chartArea, scales } = chart;
      ctx.save();
      ctx.font = "600 10px Inter, sans-serif";
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      for (const [place, marks] of flags) {
        const x = scales.x.getPixelForValue(place);
        const text = marks.join(" ");
        const width = ctx.measureText(text).width + 10;
        const left = Math.min(Math.max(x - width / 2, chartArea.left), chartArea.right - width);
        ctx.strokeStyle = colours.text;
        ctx.lineWidth = 1;
        ctx.setLineDash([2, 3]);
        ctx.beginPath();
        ctx.moveTo(x, chartArea.top);
        ctx.lineTo(x, chartArea.bottom);
        ctx.stroke();
        ctx.setLineDash([]);
        ctx.fillStyle = colours.tip;
        ctx.beginPath();
        ctx.roundRect(left, chartArea.top - 6, width, 16, 4);
        ctx.fill();
        ctx.fillStyle = colours.tipText;
        ctx.fillText(text, left + width / 2, chartArea.top + 2.5);
      }
      ctx.restore();
    },
  };
  Chart.register(notes);

  function annotate(options, data, colours) {
    const given = data.notes || [];
    if (!given.length) return;
    const flags = new Map();
    for (const note of given) flags.set(note.place, [...(flags.get(note.place) || []), note.mark]);
    options.plugins.notes = { flags: [...flags], colours };
    options.layout.padding.top = 12;
    options.plugins.tooltip.footerColor = colours.tipText;
    options.plugins.tooltip.footerFont = { family: "Inter, sans-serif", size: 12, weight: 400 };
    options.plugins.tooltip.callbacks.footer = (items) =>
      given.filter((note) => note.place === items[0]?.dataIndex).flatMap((note) => fold(`${note.mark}  ${note.text}`));
  }

  /* A tip breaks no lines by itself. */
  function fold(text) {
    const lines = [""];
    for (const word of text.split(" ")) {
      if (lines.at(-1) && lines.at(-1).length + word.length > 44) lines.push("");
      lines[lines.length - 1] += `${lines.at(-1) ? " " : ""}${word}`;
    }
    return lines;
  }

  function options(data, colours) {
    const now = write(data.buckets, titles[data.interval]);
    const before = write(data.before_buckets, titles[data.interval]);
    const shared = frame(colours);
    const { tooltip } = shared.plugins;
    tooltip.filter = (item) => item.datasetIndex < 2;
    tooltip.callbacks.title = () => data.label;
    tooltip.callbacks.label = (item) => `${(item.datasetIndex ? before : now)[item.dataIndex]}: ${whole.format(item.parsed.y)}`;
    annotate(shared, data, colours);
    return shared;
  }

  function draw(canvas) {
    const data = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
    const colours = palette();
    drawn.get(canvas)?.destroy();
    const chart = new Chart(canvas, {
      type: "line",
      data: { labels: write(data.buckets, ticks[data.interval]), datasets: datasets(data, colours) },
      options: options(data, colours),
    });
    drawn.set(canvas, chart);
  }

  function drawAll() {
    for (const [canvas, chart] of drawn) {
      if (!canvas.isConnected) {
        chart.destroy();
        drawn.delete(canvas);
      }
    }
    for (const canvas of document.querySelectorAll("canvas[data-chart]")) draw(canvas);
  }

  globalThis.analyticsCharts = { annotate, frame, language, palette, short, ticks, titles, write };
  document.addEventListener("htmx:afterSettle", drawAll);
  new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["class"] });
})();
