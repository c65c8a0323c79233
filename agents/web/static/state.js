// What the server told so far; bounded, so that the page can stay open for weeks.

const POINTS = 360;
const RECORDS = 200;
const LETTERS = 50;
const ROLE_ORDER = ["topic_finder", "topic_locator", "relationship_checker", "content_organizer"];

export const state = { roles: new Map(), points: new Map(), records: [], letters: [], totals: null, lag: {}, budgets: [], broker: false, at: 0, bucket: 10 };

// Takes in a view; returns the role assignments that changed.
export function take(view) {
  const whole = view.since_version === 0;
  if (whole) {
    state.roles.clear();
    state.points.clear();
    state.records = [];
    state.letters = [];
  }
  const changes = [];
  for (const role of view.roles) {
    const key = `${role.domain}|${role.role}`;
    const before = state.roles.get(key);
    if (before && before.primary && before.primary !== role.primary) changes.push({ before: before.primary, role });
    state.roles.set(key, role);
  }
  for (const point of view.points) state.points.set(point.t, point);
  for (const t of [...state.points.keys()].sort((a, b) => a - b).slice(0, -POINTS)) state.points.delete(t);
  state.records = [...view.records].reverse().concat(state.records).slice(0, RECORDS);
  state.letters = [...view.dead_letters].reverse().concat(state.letters).slice(0, LETTERS);
  Object.assign(state, { totals: view.totals, lag: view.lag, budgets: view.budgets, broker: view.broker });
  state.at = Date.parse(view.at) / 1000;
  state.bucket = view.bucket_s;
  return changes;
}

export function sortedRoles(domain) {
  const rank = (role) => ROLE_ORDER.indexOf(role.role);
  return [...state.roles.values()]
    .filter((role) => !domain || role.domain === domain)
    .sort((a, b) => a.domain.localeCompare(b.domain) || rank(a) - rank(b));
}

// The buckets that are over, gaps included, from the first one known.
export function finishedPoints() {
  const known = [...state.points.keys()].sort((a, b) => a - b);
  if (!known.length) return [];
  const end = Math.floor(state.at / state.bucket) * state.bucket;
  const begin = Math.max(known[0], end - POINTS * state.bucket);
  const empty = { records: 0, sentences: 0, dead_letters: 0, spend_usd: 0, dearest_usd: 0, roles: {} };
  const points = [];
  for (let t = begin; t < end; t += state.bucket) points.push(state.points.get(t) ?? { ...empty, t });
  return points;
}
