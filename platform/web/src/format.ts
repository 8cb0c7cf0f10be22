// Figures as people read them. Every figure carries its unit; a missing figure is a dash.

export const dash = "–";
const thin = "\u202f"; // narrow space between a figure and its unit

/** Requests per second. */
export function rate(perSecond: number | undefined): string {
  if (!known(perSecond)) return dash;
  return `${significant(perSecond, perSecond >= 100 ? 0 : 1)}${thin}/s`;
}

/** A latency or duration in seconds, as µs, ms, s, min or h. */
export function seconds(value: number | undefined): string {
  if (!known(value)) return dash;
  const size = Math.abs(value);
  if (size === 0) return `0${thin}ms`;
  if (size < 0.001) return `${Math.round(value * 1e6)}${thin}µs`;
  if (size < 0.01) return `${significant(value * 1000, 1)}${thin}ms`;
  if (size < 1) return `${Math.round(value * 1000)}${thin}ms`;
  if (size < 10) return `${significant(value, 2)}${thin}s`;
  if (size < 120) return `${significant(value, 0)}${thin}s`;
  return span(value);
}

/** A span of time in whole units: "45 s", "3 min 20 s", "2 h 5 min", "3 d 4 h". */
export function span(value: number): string {
  const total = Math.max(0, Math.round(value));
  const parts: [number, string][] = [
    [Math.floor(total / 86400), "d"],
    [Math.floor((total % 86400) / 3600), "h"],
    [Math.floor((total % 3600) / 60), "min"],
    [total % 60, "s"],
  ];
  const first = parts.findIndex(([n]) => n > 0);
  if (first < 0) return `0${thin}s`;
  return parts
    .slice(first, first + 2)
    .filter(([n], i) => n > 0 || i === 0)
    .map(([n, unit]) => n + thin + unit)
    .join(" ");
}

/** An error ratio 0 to 1 as a percentage. */
export function percent(ratio: number | undefined): string {
  if (!known(ratio)) return dash;
  const value = ratio * 100;
  const size = Math.abs(value);
  if (size === 0) return `0${thin}%`;
  if (size < 0.01) return `<${thin}0.01${thin}%`;
  return `${significant(value, size < 1 ? 2 : size < 10 ? 1 : 0)}${thin}%`;
}

/** An attainment or target: never rounded up, so that 99.97 % does not read 100 %. */
export function attained(ratio: number | undefined): string {
  if (!known(ratio)) return dash;
  const value = ratio * 100;
  const places = value >= 99 ? 3 : value >= 90 ? 2 : 1;
  const scale = 10 ** places;
  const floored = Math.floor(value * scale + 1e-6) / scale;
  return `${trim(floored.toFixed(places))}${thin}%`;
}

/** A share of the error budget that is left; overspent is negative. */
export function budget(share: number | undefined): string {
  if (!known(share)) return dash;
  const value = share * 100;
  if (value > 0 && value < 1) return `<${thin}1${thin}%`;
  return `${count(Math.floor(value)).replace("-", "−")}${thin}%`;
}

/** A burn rate: 1× spends the budget exactly by the end of the window. */
export function burn(factor: number | undefined): string {
  if (!known(factor)) return dash;
  return `${significant(factor, factor >= 100 ? 0 : factor >= 10 ? 1 : 2)}×`;
}

/** A count with thousands apart. */
export function count(value: number | undefined): string {
  if (!known(value)) return dash;
  return Math.round(value).toLocaleString("en-US").replaceAll(",", thin);
}

/** A number of bytes in powers of 1024. */
export function bytes(value: number | undefined): string {
  if (!known(value)) return dash;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let i = 0;
  let rest = value;
  while (rest >= 1024 && i < units.length - 1) {
    rest /= 1024;
    i++;
  }
  return `${significant(rest, rest < 10 && i > 0 ? 1 : 0)}${thin}${units[i]}`;
}

/** A figure of evidence with the unit that evidence names. */
export function figure(value: number, unit: string): string {
  switch (unit) {
    case "ratio":
      return percent(value);
    case "s":
      return seconds(value);
    case "x":
      return burn(value);
    case "budget":
      return budget(value);
    case "bytes":
      return bytes(value);
    case "count":
    case "":
      return Number.isInteger(value) ? count(value) : significant(value, 1);
    case "rate":
    case "req/s":
    case "1/s":
    case "/s":
      return rate(value);
    default:
      return `${significant(value, 2)}${thin}${unit}`;
  }
}

/** A Go duration such as "1h0m0s" without its empty parts; days where whole. */
export function goDuration(text: string): string {
  const total = goSeconds(text);
  if (total === undefined) return text;
  if (total > 0 && total < 1) return `${Math.round(total * 1000)}${thin}ms`;
  if (total < 60 && !Number.isInteger(total)) return `${significant(total, 1)}${thin}s`;
  return span(total);
}

/** Seconds of a Go duration, or nothing when it is none. */
export function goSeconds(text: string): number | undefined {
  const units: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 1e-3, "µs": 1e-6, us: 1e-6, ns: 1e-9 };
  if (!/^(\d+(\.\d+)?(h|ms|m|s|µs|us|ns))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|µs|us|ns)/g)) {
    total += Number(number) * units[unit!]!;
  }
  return total;
}

/** Time of day in the person's zone, to the second. */
export function clock(at: string | number): string {
  return pad(new Date(at), true);
}

/** Time of day to the minute. */
export function minute(at: string | number): string {
  return pad(new Date(at), false);
}

/** The day as year-month-day. */
export function day(at: string | number): string {
  const d = new Date(at);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
}

/** Whether a time that the API may leave out is there. */
export function isSet(at: string | undefined): at is string {
  return at !== undefined && at !== "" && !at.startsWith("0001-");
}

function pad(d: Date, withSeconds: boolean): string {
  return [d.getHours(), d.getMinutes(), ...(withSeconds ? [d.getSeconds()] : [])].map(two).join(":");
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}

function known(value: number | undefined | null): value is number {
  return value !== undefined && value !== null && Number.isFinite(value);
}

function significant(value: number, places: number): string {
  return minus(trim(value.toFixed(places)));
}

function trim(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function minus(value: number | string): string {
  return String(value).replace("-", "−");
}
