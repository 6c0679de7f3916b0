// Formats numbers and names. Everything from the report is shown as text, never as HTML.

const isNumber = value => typeof value === "number" && Number.isFinite(value);
const kNothing = "\u2013";

function bytesText(count) {
  if (!isNumber(count)) return kNothing;
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  while (count >= 1024 && unit + 1 < units.length) {
    count /= 1024;
    ++unit;
  }
  return unit === 0 ? `${count} B` : `${count.toFixed(count < 10 ? 2 : count < 100 ? 1 : 0)} ${units[unit]}`;
}

/** Names the unit once if both have the same. */
function bytesChange(before, after) {
  const [first, second] = [bytesText(before), bytesText(after)];
  const unit = first.slice(first.indexOf(" "));
  return `${second.endsWith(unit) ? first.slice(0, -unit.length) : first} \u2192 ${second}`;
}

const fixed = digits => value => isNumber(value) ? value.toFixed(digits) : kNothing;

/** Formats an error with three digits. */
function errorText(value) {
  if (!isNumber(value)) return kNothing;
  if (value === 0) return "0";
  return value >= 1e-3 && value < 1e3 ? value.toPrecision(3) : value.toExponential(2).replace("-", "\u2212");
}

/** Formats a number for axes and tips: few digits, an exponent only if needed. */
function shortNumber(value) {
  if (!isNumber(value)) return kNothing;
  const size = Math.abs(value);
  const text = size === 0 || (size >= 1e-3 && size < 1e5) ? String(Number(value.toPrecision(4))) : String(Number(value.toPrecision(3)).toExponential());
  return text.replaceAll("-", "\u2212");
}

const wholeNumber = value => isNumber(value) ? value.toLocaleString("en-US") : kNothing;

function secondsText(value) {
  if (!isNumber(value)) return kNothing;
  return value < 0.01 ? `${(value * 1000).toFixed(2)} ms` : `${value.toFixed(value < 10 ? 3 : 1)} s`;
}

/** Replaces characters that are invisible, or that reverse others, by their number. */
function visible(text) {
  return String(text).replace(/[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    character => `\\u{${character.charCodeAt(0).toString(16)}}`);
}

/** Returns a path with places for line breaks. */
function breakable(path) {
  return visible(path).split(/(?<=[/.])/).flatMap(part => [part, document.createElement("wbr")]);
}

/** Makes an element. properties: className, title ...; children: elements and texts. */
function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  Object.assign(made, properties);
  made.append(...children);
  return made;
}

function shapeText(tensor) {
  return Array.isArray(tensor.shape) ? tensor.shape.join(" \u00d7 ") : "";
}

function specText(tensor, withAxis = true) {
  const spec = tensor.spec;
  if (tensor.action !== "palettized" || spec === null || typeof spec !== "object") return String(tensor.action ?? "");
  const parts = [`${spec.n_bits} bit`];
  const granularity = spec.granularity;
  if (granularity?.type === "per_grouped_channel")
    parts.push(`groups of ${granularity.group_size}${withAxis ? ` on axis ${granularity.axis}` : ""}`);
  if (spec.cluster_dim > 1) parts.push(`vectors of ${spec.cluster_dim}`);
  if (spec.enable_per_channel_scale) parts.push("scaled");
  if (spec.lut_qspec?.dtype) parts.push(`${spec.lut_qspec.dtype} LUT`);
  return visible(parts.join(", "));
}

/** Formats the SQNR of a tensor; "exact" for a palettized one without error. */
function sqnrText(tensor) {
  if (isNumber(tensor.sqnr_db)) return `${tensor.sqnr_db.toFixed(2)} dB`;
  return tensor.action === "palettized" && tensor.mse === 0 ? "exact" : kNothing;
}
