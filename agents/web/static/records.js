// The latest records, newest first, with their sentences as they were said.

import { byId, make, setText } from "./dom.js";
import { time, whole, words } from "./format.js";
import { state } from "./state.js";

const SHOWN = 50;
const cards = new Map();
let held = null;

export function startRecords(changed) {
  const button = byId("pause");
  button.addEventListener("click", () => {
    held = held ? null : state.records;
    button.setAttribute("aria-pressed", String(held !== null));
    setText(button, held ? "Go on" : "Pause");
    changed();
  });
}

export function renderRecords(domain) {
  const seen = new Set();
  const shown = [];
  for (const record of held ?? state.records) {
    if (shown.length === SHOWN) break;
    if ((domain && record.domain !== domain) || seen.has(record.record_id)) continue;
    seen.add(record.record_id);
    shown.push(record);
  }
  const list = byId("records");
  const wanted = new Set(shown.map((record) => record.serial));
  for (const [serial, card] of cards) {
    if (!wanted.has(serial)) {
      card.remove();
      cards.delete(serial);
    }
  }
  let place = list.firstChild;
  for (const record of shown) {
    let card = cards.get(record.serial);
    if (!card) {
      card = draw(record);
      cards.set(record.serial, card);
    }
    if (card === place) place = place.nextSibling;
    else list.insertBefore(card, place);
  }
  const since = state.totals?.since ? ` since ${time(state.totals.since)}` : "";
  setText(byId("records-note"), held ? "paused" : `${whole(state.totals?.records ?? 0)}${since}`);
  list.dataset.empty = String(!shown.length);
}

function draw(record) {
  const when = make("time", "", time(record.at));
  when.dateTime = record.at;
  const gone = record.op === "delete";
  const state_ = gone ? "withdrawn" : record.revision > 1 ? `revision ${record.revision}` : null;
  const top = make(
    "div",
    "top",
    make("b", "", record.subject),
    make("span", "tag", words(record.category)),
    make("span", "from", [record.domain, record.stream_id].join(" / ")),
    state_ ? make("span", gone ? "from bad" : "from", state_) : null,
    when,
  );
  const quotes = record.sentences.map((line) => {
    const quote = make("blockquote", "", make("span", "seq", String(line.seq)), line.text);
    quote.dir = "auto";
    return quote;
  });
  const more = record.more ? make("p", "note", `and ${whole(record.more)} earlier sentences`) : null;
  const card = make("li", gone ? "record gone" : "record", top, more, ...quotes);
  card.dataset.record = record.record_id;
  return card;
}
