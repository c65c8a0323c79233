// How numbers, times and names are written.

const NONE = "–";
const money = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", maximumSignificantDigits: 3, minimumFractionDigits: 0 });
const count = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

export const usd = (value) => (value === null ? NONE : value === 0 ? "$0" : money.format(value));
export const whole = (value) => (value === null ? NONE : count.format(value));
export const percent = (value) => (value === null ? NONE : `${Math.round(value * 100)} %`);
export const time = (at) => clock.format(new Date(at));
export const words = (name) => name.replaceAll("_", " ");

export function seconds(value) {
  if (value === null) return NONE;
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  return value < 100 ? `${value.toFixed(1)} s` : `${Math.round(value)} s`;
}

// A saving in words, and whether it is one.
export function saving(baseline) {
  if (!baseline || baseline.saved === null) return { text: NONE, kind: "" };
  const share = Math.round(baseline.saved * 100);
  if (share === 0) return { text: "same", kind: "" };
  if (share > 0) return { text: `saves ${share} %`, kind: "good" };
  if (share > -100) return { text: `costs ${-share} % more`, kind: "warn" };
  return { text: `costs ${(1 - baseline.saved).toFixed(1)} times`, kind: "warn" };
}
