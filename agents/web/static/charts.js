// The four charts of the last hour, drawn by uPlot.

import { byId, chip, make, setText } from "./dom.js";
import { percent, seconds, usd, whole, words } from "./format.js";
import { finishedPoints, state } from "./state.js";

const ROLES = ["topic_finder", "topic_locator", "relationship_checker", "content_organizer"];
const FEW = 90;
const perMinute = (name) => (point) => (point[name] * 60) / point.seconds;
const ofRoles = (name) => ROLES.map((role, index) => ({
  label: words(role),
  colour: `--m${index}`,
  value: (point) => point.roles[role]?.[name] ?? null,
}));

const WHOLE_STEPS = Array.from({ length: 9 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

const CHARTS = [
  { title: "A minute", format: whole, floor: 0, steps: WHOLE_STEPS, series: [
    { label: "sentences", colour: "--m7", value: perMinute("sentences") },
    { label: "records", colour: "--m0", value: perMinute("records"), fill: true },
  ] },
  { title: "Spend a minute", format: usd, floor: 0, series: [
    { label: "dearest model alone", colour: "--m7", value: perMinute("dearest_usd") },
    { label: "spent", colour: "--m2", value: perMinute("spend_usd"), fill: true },
  ] },
  { title: "Quality of what was delivered", format: percent, floor: null, ceiling: 1, series: ofRoles("quality") },
  { title: "Latency p95", format: seconds, floor: 0, series: ofRoles("p95_s") },
];

const drawn = [];

export function startCharts() {
  for (const spec of CHARTS) {
    const legend = make("p", "legend");
    const values = spec.series.map((series) => {
      const item = chip("", `var(${series.colour})`);
      const text = make("span", "", series.label);
      item.append(text);
      legend.append(item);
      return text;
    });
    const place = make("div");
    place.setAttribute("role", "img");
    const box = make("div", "chart", make("h3", "", spec.title), legend, place);
    byId("charts").append(box);
    drawn.push({ spec, values, place, plot: null });
  }
  const redraw = () => {
    for (const chart of drawn) {
      chart.plot?.destroy();
      chart.plot = null;
    }
    renderCharts();
  };
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new ResizeObserver(() => {
    for (const { plot, place } of drawn) if (plot && place.clientWidth) plot.setSize({ width: place.clientWidth, height: 170 });
  }).observe(byId("charts"));
}

// Joins buckets until there are few enough to be read: sums of counts, means of what was measured.
function joined() {
  const points = finishedPoints();
  const seconds = ([1, 3, 6].find((size) => points.length / size <= FEW) ?? 6) * state.bucket;
  const groups = Map.groupBy(points, (point) => Math.floor(point.t / seconds) * seconds);
  const mean = (group, role, name) => {
    const values = group.map((point) => point.roles[role]?.[name]).filter((value) => value !== null && value !== undefined);
    return values.length ? values.reduce((a, b) => a + b) / values.length : null;
  };
  const sum = (group, name) => group.reduce((total, point) => total + point[name], 0);
  const steps = [...groups].map(([t, group]) => ({
    t,
    seconds: group.length * state.bucket,
    records: sum(group, "records"),
    sentences: sum(group, "sentences"),
    spend_usd: sum(group, "spend_usd"),
    dearest_usd: sum(group, "dearest_usd"),
    roles: Object.fromEntries(ROLES.map((role) => [role, { quality: mean(group, role, "quality"), p95_s: mean(group, role, "p95_s") }])),
  }));
  return { steps, seconds };
}

export function renderCharts() {
  const { steps: points, seconds } = joined();
  setText(byId("step"), `all domains, in steps of ${seconds} seconds`);
  for (const chart of drawn) {
    const { spec, place } = chart;
    const data = [points.map((point) => point.t), ...spec.series.map((s) => points.map((point) => s.value(point)))];
    if (!chart.plot) {
      if (!place.clientWidth) continue;
      chart.plot = new uPlot(options(chart), data, place);
    } else {
      chart.plot.setData(data);
    }
    tell(chart, null);
    const last = spec.series.map((s, i) => `${s.label} ${spec.format(lastOf(data[i + 1]))}`);
    place.setAttribute("aria-label", `${spec.title}: ${last.join(", ")}`);
  }
}

const lastOf = (values) => values.findLast((value) => value !== null) ?? null;

function tell(chart, index) {
  const { spec, values, plot } = chart;
  spec.series.forEach((series, i) => {
    const data = plot.data[i + 1];
    const value = index === null ? lastOf(data) : data[index];
    setText(values[i], `${series.label} ${spec.format(value ?? null)}`);
  });
}

function options(chart) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const { spec, place } = chart;
  const axis = { stroke: colour("--dim"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui" };
  return {
    width: place.clientWidth,
    height: 170,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    hooks: { setCursor: [(plot) => chart.plot && tell(chart, plot.cursor.idx ?? null)] },
    scales: {
      x: { range: (_, min, max) => [Math.min(min ?? 0, (max ?? 0) - 300), max ?? 1] },
      y: { range: (_, min, max) => [spec.floor ?? Math.max(0, Math.floor((min ?? 0) * 10 - 0.5) / 10), spec.ceiling ?? (max > 0 ? max * 1.08 : 1)] },
    },
    axes: [
      { ...axis, space: 60, size: 30, values: [[60, "{HH}:{mm}", null, null, null, null, null, null, 1], [1, "{HH}:{mm}:{ss}", null, null, null, null, null, null, 1]] },
      { ...axis, ...(spec.steps ? { incrs: spec.steps } : {}), size: 58, values: (_, ticks) => ticks.map((tick) => spec.format(tick)) },
    ],
    series: [
      {},
      ...spec.series.map((series) => ({
        label: series.label,
        stroke: colour(series.colour),
        width: 1.75,
        fill: series.fill ? `${colour(series.colour)}26` : undefined,
        points: { show: false },
        spanGaps: true,
      })),
    ],
  };
}
