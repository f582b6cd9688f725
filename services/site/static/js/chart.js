// Two charts of a campaign's days, drawn from the table beside them: the table is what counts.

const DAY_SECONDS = 86_400;
const HEIGHT = 240;
const box = document.querySelector("[data-charts]");
const days = [...document.querySelectorAll("[data-days] [data-day]")].map(({ dataset }) => ({
  at: Date.parse(`${dataset.day}T00:00:00Z`) / 1000,
  change: Number(dataset.change) / 100,
  pledged: Number(dataset.pledged) / 100,
}));

/** The colour that a token has now, in this scheme. */
function colour(token) {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  box.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function written(locale, options) {
  const format = new Intl.NumberFormat(locale, options);
  return (value) => format.format(value);
}

function axes() {
  const { locale } = box.dataset;
  const day = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric", timeZone: "UTC" });
  const dollars = written(locale, {
    style: "currency",
    currency: "USD",
    currencyDisplay: "narrowSymbol",
    notation: "compact",
    maximumFractionDigits: 1,
  });
  const look = {
    stroke: colour("--ink-muted"),
    font: `13px ${getComputedStyle(document.body).fontFamily}`,
    grid: { stroke: colour("--hairline"), width: 1 },
    ticks: { show: false },
  };
  return [
    {
      ...look,
      grid: { show: false },
      size: 32,
      gap: 8,
      space: 72,
      incrs: [1, 2, 7, 14, 28, 91, 182, 364].map((count) => count * DAY_SECONDS),
      values: (_, splits) => splits.map((at) => day.format(at * 1000)),
    },
    { ...look, size: 60, gap: 8, values: (_, splits) => splits.map(dollars) },
  ];
}

function draw(name, series, data, range) {
  const target = box.querySelector(`[data-chart="${name}"]`);
  target.replaceChildren();
  const chart = new uPlot(
    {
      width: target.clientWidth,
      height: HEIGHT,
      tzDate: (at) => new Date(at * 1000 + new Date(at * 1000).getTimezoneOffset() * 60_000),
      legend: { show: false },
      cursor: { show: false },
      select: { show: false },
      padding: [12, 12, 0, 0],
      // Half a day of room at both ends: a bar stands around its day.
      scales: {
        x: { time: true, range: (_, least, most) => [least - DAY_SECONDS / 2, most + DAY_SECONDS / 2] },
        y: { range },
      },
      axes: axes(),
      series: [{}, ...series],
    },
    data,
    target,
  );
  return chart;
}

let charts = [];

function drawAll() {
  for (const chart of charts) chart.destroy();
  const goal = Number(box.dataset.goal) / 100;
  const at = days.map((each) => each.at);
  const pledged = days.map((each) => each.pledged);
  const change = days.map((each) => each.change);
  const line = { stroke: colour("--pool"), width: 2, fill: colour("--pool-wash"), points: { show: false } };
  const aim = { stroke: colour("--lamp-fill"), width: 2, dash: [6, 5], points: { show: false } };
  const bars = {
    fill: colour("--pool"),
    width: 0,
    points: { show: false },
    paths: uPlot.paths.bars({ size: [0.7, 40] }),
  };
  charts = [
    draw("pledged", [line, aim], [at, pledged, days.map(() => goal)], (_, __, most) => [
      0,
      Math.max(most, 1) * 1.08,
    ]),
    draw("change", [bars], [at, change], (_, least, most) => [
      Math.min(0, least) * 1.08,
      Math.max(most, 1) * 1.08,
    ]),
  ];
}

if (box && days.length > 1 && typeof uPlot === "function") {
  box.hidden = false;
  drawAll();
  let drawnAt = box.clientWidth;
  new ResizeObserver(() => {
    if (box.clientWidth === drawnAt) return;
    drawnAt = box.clientWidth;
    drawAll();
  }).observe(box);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
}
