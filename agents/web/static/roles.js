// The table of roles: who serves, since when, how well, at what cost; a row opens to say why.

import { byId, chip, colourOf, make, setClass, setText } from "./dom.js";
import { percent, saving, seconds, time, usd, whole, words } from "./format.js";
import { sortedRoles, state } from "./state.js";

const HOUR = 3600;
const LABELS = ["", "", "", "Quality", "Latency p95", "Spend", "Cheapest adequate", "Dearest"];
const rows = new Map();
let shape = "";

export function renderRoles(domain) {
  const roles = sortedRoles(domain);
  const now = roles.map((role) => `${role.domain}|${role.role}`).join();
  if (now !== shape) {
    shape = now;
    layOut(roles);
  }
  for (const role of roles) rows.get(`${role.domain}|${role.role}`).update(role);
  renderLegend(roles);
}

function layOut(roles) {
  const body = byId("role-rows");
  const laid = [];
  let group = null;
  for (const role of roles) {
    if (role.domain !== group) {
      group = role.domain;
      const cell = make("td", "", group);
      cell.colSpan = LABELS.length;
      cell.setAttribute("role", "cell");
      const row = make("tr", "group", cell);
      row.setAttribute("role", "row");
      laid.push(row);
    }
    const key = `${role.domain}|${role.role}`;
    if (!rows.has(key)) rows.set(key, new RoleRow(role));
    laid.push(rows.get(key).row, rows.get(key).why);
  }
  body.replaceChildren(...laid);
}

function renderLegend(roles) {
  const models = new Set();
  for (const role of roles) {
    for (const stay of role.history) models.add(stay.model);
    for (const share of role.mix) models.add(share.model);
  }
  const legend = byId("legend");
  const names = [...models].sort();
  if (legend.dataset.names === names.join()) return;
  legend.dataset.names = names.join();
  legend.replaceChildren(...names.map((name) => chip(name, colourOf(name))));
}

class RoleRow {
  constructor(role) {
    this.role = role;
    this.told = null;
    this.button = make("button", "open", words(role.role));
    this.button.type = "button";
    this.button.setAttribute("aria-expanded", "false");
    this.button.addEventListener("click", () => this.toggle());
    this.served = make("span", "served chip");
    this.mix = make("span", "mix");
    this.mix.setAttribute("aria-hidden", "true");
    this.lane = make("div", "lane");
    this.lane.setAttribute("role", "img");
    this.numbers = LABELS.slice(3).map(() => ({ value: make("span"), sub: make("span", "sub") }));
    const cells = [
      [this.button],
      [this.served, this.mix],
      [this.lane],
      ...this.numbers.map((number) => [number.value, number.sub]),
    ].map((children, index) => {
      const cell = make("td", index > 2 ? "number" : "", ...children);
      cell.setAttribute("role", "cell");
      cell.dataset.label = LABELS[index];
      return cell;
    });
    this.row = make("tr", "role", ...cells);
    this.row.setAttribute("role", "row");
    this.row.dataset.key = `${role.domain}|${role.role}`;
    this.detail = make("td");
    this.detail.colSpan = LABELS.length;
    this.detail.setAttribute("role", "cell");
    this.why = make("tr", "why", this.detail);
    this.why.setAttribute("role", "row");
    this.why.id = `why-${role.domain}-${role.role}`;
    this.why.hidden = true;
    this.button.setAttribute("aria-controls", this.why.id);
  }

  update(role) {
    const changed = role !== this.role || !this.row.dataset.drawn;
    this.role = role;
    this.drawLane();
    if (!changed) return;
    this.row.dataset.drawn = "yes";
    this.drawMix();
    const sources = Object.entries(role.quality_sources).map(([name, n]) => `${whole(n)} by ${name}`);
    const adequate = saving(role.adequate);
    const dearest = saving(role.dearest);
    this.show(0, percent(role.quality), sources.join(", ") || "not scored yet");
    this.show(1, seconds(role.p95_s), role.p50_s === null ? "" : `p50 ${seconds(role.p50_s)}`);
    this.show(2, usd(role.spend_usd), `${whole(role.runs)} runs, ${whole(role.kept)} kept`);
    this.show(3, adequate.text, role.adequate ? role.adequate.model : "none known yet", adequate.kind);
    this.show(4, dearest.text, role.dearest ? role.dearest.model : "", dearest.kind);
    if (!this.why.hidden) this.drawWhy();
  }

  show(index, value, sub, kind = "") {
    setText(this.numbers[index].value, value);
    setText(this.numbers[index].sub, sub);
    setClass(this.numbers[index].value, kind);
  }

  drawMix() {
    const { primary, mix } = this.role;
    const drawn = mix.filter((share) => share.probability >= 0.005).sort((a, b) => b.probability - a.probability);
    this.served.replaceChildren(...(primary ? chip(primary, colourOf(primary)).childNodes : ["nobody yet"]));
    this.mix.replaceChildren(
      ...drawn.map((share) => {
        const part = make("span");
        part.style.flexGrow = share.probability;
        part.style.setProperty("--colour", colourOf(share.model));
        return part;
      }),
    );
    this.mix.title = drawn.map((share) => `${share.model} ${percent(share.probability)}`).join(", ");
  }

  drawLane() {
    const { history } = this.role;
    const end = state.at;
    const begin = Math.max(end - HOUR, Math.min(...[...state.points.keys(), end - 60]));
    const wide = end - begin;
    const stays = history.map((stay, index) => ({
      model: stay.model,
      from: Math.max(Date.parse(stay.at) / 1000, begin),
      to: index + 1 < history.length ? Date.parse(history[index + 1].at) / 1000 : end,
      at: stay.at,
    }));
    const shown = stays.filter((stay) => stay.to > begin);
    while (this.lane.childElementCount > shown.length) this.lane.lastChild.remove();
    while (this.lane.childElementCount < shown.length) this.lane.append(make("span"));
    shown.forEach((stay, index) => {
      const part = this.lane.children[index];
      part.style.left = `${((stay.from - begin) / wide) * 100}%`;
      part.style.width = `${((stay.to - stay.from) / wide) * 100}%`;
      part.style.setProperty("--colour", colourOf(stay.model));
      part.title = `${stay.model} from ${time(stay.at)}`;
    });
    const text = shown.map((stay) => `${stay.model} from ${time(stay.at)}`).slice(-5).join(", ");
    if (this.lane.getAttribute("aria-label") !== text) this.lane.setAttribute("aria-label", text || "nothing yet");
  }

  toggle() {
    this.why.hidden = !this.why.hidden;
    this.button.setAttribute("aria-expanded", String(!this.why.hidden));
    if (!this.why.hidden) this.drawWhy();
  }

  drawWhy() {
    const { role } = this;
    const list = (title, lines) => make("div", "", make("h3", "", title), make("ol", "", ...lines.map((line) => make("li", "", line))));
    const words_ = make("p", "", this.told?.words ?? role.reason ?? "Nothing was published yet.");
    const decided = role.at ? `Version ${role.version} of the policy ${role.policy}, ${time(role.at)}` : "";
    const grid = make(
      "div",
      "grid",
      list("Drawn with probability", role.mix.map((share) => `${share.model}: ${percent(share.probability)}`)),
      list("Scored here", role.models.map((m) => `${m.model}: ${percent(m.quality)} in ${whole(m.scored)} of ${whole(m.runs)} runs`)),
      list("Spent on", Object.entries(role.purposes).map(([name, amount]) => `${words(name)}: ${usd(amount)}`)),
      list("First in the role", role.history.slice(-6).reverse().map((stay) => `${time(stay.at)} ${stay.model}`)),
    );
    this.detail.replaceChildren(words_, make("p", "note", decided), grid);
    this.ask(words_);
  }

  async ask(words_) {
    const asked = `${this.role.version}|${this.role.scored}`;
    if (this.told?.asked === asked) return;
    const query = new URLSearchParams({ domain: this.role.domain, role: this.role.role });
    try {
      const reply = await fetch(`/api/explanation?${query}`);
      if (!reply.ok) return;
      this.told = { ...(await reply.json()), asked };
    } catch {
      return;
    }
    setText(words_, this.told.learnt ? this.told.words : `The policy ${this.told.policy} has learnt nothing of this role yet. ${this.told.words}`);
  }
}
