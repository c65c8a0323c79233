// The live page: hears the event stream, keeps the state, draws at most once a frame.

import { byId, make, setClass, setText } from "./dom.js";
import { renderCharts, startCharts } from "./charts.js";
import { percent, saving, seconds, time, usd, whole, words } from "./format.js";
import { renderRecords, startRecords } from "./records.js";
import { renderRoles } from "./roles.js";
import { state, take } from "./state.js";

const FLOW = ["chunk_splitter", "topic_finder", "topic_locator", "relationship_checker", "content_organizer", "format_checker", "policy"];
let due = false;
let connected = false;

function draw() {
  due = false;
  // A hidden page has nothing to draw; it catches up when it is seen.
  if (document.hidden || !state.totals) return;
  const domain = byId("domain").value;
  renderStatus();
  renderDomains();
  renderFigures();
  renderRoles(domain);
  renderCharts();
  renderRecords(domain);
  renderLag();
  renderLetters();
  document.body.dataset.drawn = String(Number(document.body.dataset.drawn ?? 0) + 1);
}

function soon() {
  if (due) return;
  due = true;
  requestAnimationFrame(draw);
}

function renderStatus() {
  const kind = !connected ? "status broken" : state.broker ? "status live" : "status";
  const text = !connected ? "the process does not answer, trying again" : state.broker ? `live, ${time(state.at * 1000)}` : "the Kafka broker does not answer";
  setClass(byId("status"), kind);
  setText(byId("status-text"), text);
}

function renderDomains() {
  const select = byId("domain");
  const names = [...new Set([...state.roles.values()].map((role) => role.domain))].sort();
  if (select.dataset.names === names.join()) return;
  select.dataset.names = names.join();
  const before = select.value;
  const option = (value, text) => Object.assign(make("option", "", text), { value });
  select.replaceChildren(option("", "all"), ...names.map((name) => option(name, name)));
  select.value = names.includes(before) ? before : "";
}

function renderFigures() {
  const { totals, lag } = state;
  const minute = [...state.points.values()].filter((point) => point.t > state.at - 60);
  const rate = minute.reduce((sum, point) => sum + point.records, 0);
  const dearest = saving(totals.dearest);
  const adequate = saving(totals.adequate);
  const waiting = Object.values(lag).reduce((sum, count) => sum + count, 0);
  const recorded = totals.sentences ? totals.recorded / totals.sentences : null;
  const figures = [
    ["Records, last minute", whole(rate), `${whole(totals.records)} in all`, ""],
    ["Sentences accounted for", whole(totals.sentences), `${percent(recorded)} of them in records`, ""],
    ["Spent on models", usd(totals.spend_usd), totals.since ? `since ${time(totals.since)}` : "", ""],
    ["Against the dearest", dearest.text, totals.dearest ? `${totals.dearest.model}: ${usd(totals.dearest.usd)}` : "", dearest.kind],
    ["Against cheapest adequate", adequate.text, totals.adequate ? `${totals.adequate.model}: ${usd(totals.adequate.usd)}` : "not known for every role yet", adequate.kind],
    ["Window to record, p95", seconds(totals.latency_p95_s), `p50 ${seconds(totals.latency_p50_s)}`, ""],
    ["Waiting messages", whole(waiting), "before all roles", ""],
    ["Dead letters", whole(totals.dead_letters), `${whole(totals.failed_windows)} windows failed`, totals.dead_letters ? "bad" : ""],
    ...state.budgets.map((budget) => [`Budget left: ${budget.name}`, usd(budget.left_usd), `of ${usd(budget.limit_usd)} a ${budget.period}`, budget.left_usd > 0 ? "" : "bad"]),
  ];
  const list = byId("figures");
  while (list.childElementCount > figures.length) list.lastChild.remove();
  while (list.childElementCount < figures.length) list.append(make("div", "", make("dt"), make("dd", "value"), make("dd", "sub")));
  list.style.setProperty("--columns", Math.ceil(figures.length / 2));
  figures.forEach(([title, value, sub, kind], index) => {
    const [dt, dd, note] = list.children[index].children;
    setText(dt, title);
    setText(dd, value);
    setClass(dd, `value ${kind}`);
    setText(note, sub);
  });
}

function renderLag() {
  const names = FLOW.filter((name) => name in state.lag);
  const most = Math.max(10, ...names.map((name) => state.lag[name]));
  const list = byId("lag");
  if (list.childElementCount !== names.length) {
    list.replaceChildren(
      ...names.map((name) => make("div", "", make("dt", "", words(name)), make("dd", "", make("span", "bar", make("span")), make("span", "count")))),
    );
  }
  names.forEach((name, index) => {
    const [bar, count] = list.children[index].lastChild.children;
    bar.firstChild.style.width = `${(state.lag[name] / most) * 100}%`;
    setText(count, whole(state.lag[name]));
  });
}

function renderLetters() {
  const list = byId("letters");
  const newest = String(state.letters[0]?.serial ?? "none");
  if (list.dataset.newest === newest) return;
  list.dataset.newest = newest;
  const lines = state.letters.slice(0, 20).map((letter) =>
    make(
      "li",
      "",
      make("span", "tag bad", words(letter.kind)),
      ` ${letter.message}`,
      make("div", "note", `${time(letter.at)}, ${letter.role ? `${words(letter.role)}, ` : ""}${letter.source}`),
    ),
  );
  list.replaceChildren(...(lines.length ? lines : [make("li", "empty", "None.")]));
}

function listen() {
  const events = new EventSource("/api/events");
  events.addEventListener("open", () => {
    connected = true;
  });
  events.addEventListener("message", (event) => {
    const changes = take(JSON.parse(event.data));
    if (changes.length) {
      const { before, role } = changes.at(-1);
      setText(byId("news"), `${role.domain}, ${words(role.role)}: ${role.primary} takes over from ${before}`);
    }
    soon();
  });
  events.addEventListener("error", () => {
    connected = false;
    renderStatus();
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
  });
}

startCharts();
startRecords(soon);
byId("domain").addEventListener("change", soon);
document.addEventListener("visibilitychange", soon);
listen();
