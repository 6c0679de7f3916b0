// Puts the page together from the report in the element "data" (docs/report.md).

const report = JSON.parse(document.getElementById("data").textContent);
const tensors = report.tensors;
for (const tensor of tensors) {
  tensor.spec = report.specs[tensor.spec];
  tensor.reason = report.reasons[tensor.reason];
}

const place = id => document.getElementById(id);
const fileName = path => String(path).split("/").pop();

function card(name, value, ...notes) {
  return element("div", {className: "card"}, element("div", {className: "name"}, name), element("div", {className: "value"}, value), ...notes);
}

const note = text => element("div", {className: "note"}, text);

function sizeCard(name, before, after) {
  const part = element("div");
  part.style.width = `${Math.min(100, 100 * after / before)}%`;
  return card(name, bytesChange(before, after), element("div", {className: "meter"}, part),
    note(`${(100 * after / before).toFixed(1)} % of it, ${(before / after).toFixed(2)} times smaller`));
}

function showTotals() {
  const totals = report.totals;
  const cards = [card("Tensors", wholeNumber(totals.tensors), note(`${wholeNumber(totals.palettized)} palettized, ${wholeNumber(totals.dense)} dense`))];
  if (totals.bytes_in > 0) cards.push(sizeCard("Tensor data", totals.bytes_in, totals.bytes_out));
  if (report.file_bytes_in > 0) cards.push(sizeCard("File", report.file_bytes_in, report.file_bytes_out));
  cards.push(card("Bits per weight", totals.palettized > 0 ? fixed(2)(totals.bits_per_weight) : kNothing, note("of the palettized tensors, with LUTs and scales")));
  const worst = worstTensor();
  if (worst) cards.push(card("Lowest SQNR", sqnrText(worst), element("div", {className: "note"}, ...breakable(worst.path))));
  if (isNumber(report.wall_seconds))
    cards.push(card("Time", secondsText(report.wall_seconds), note(`${wholeNumber(report.threads)} threads, engine ${visible(report.engine)}`)));
  place("totals").replaceChildren(...cards);
}

function worstTensor() {
  return measured().reduce((worst, tensor) => !worst || tensor.sqnr_db < worst.sqnr_db ? tensor : worst, null);
}

function measured() {
  return tensors.filter(tensor => tensor.action === "palettized" && isNumber(tensor.sqnr_db) && isNumber(tensor.bits_per_weight));
}

function showWarnings() {
  if (!Array.isArray(report.warnings) || report.warnings.length === 0) return;
  place("warnings").hidden = false;
  place("warnings").append(...report.warnings.map(warning => element("li", {}, visible(warning))));
}

function showTimes() {
  const profile = report.profile;
  if (profile === null || typeof profile !== "object" || !Array.isArray(profile.stages)) return;
  place("times-panel").hidden = false;
  const percent = value => `${(100 * value).toFixed(0)} %`;
  place("times-note").replaceChildren(
    `Thread time by stage: ${fixed(2)(profile.busy_threads)} of ${wholeNumber(profile.threads ?? report.threads)} threads busy; of the wall time ${percent(profile.reading)} reading, ` +
    `${percent(profile.computing)} computing, ${percent(profile.writing)} writing, ${percent(profile.idle)} idle; bound by ${visible(profile.bound_by)}.`,
    key("reading"), "reading weights", key("other"), "the rest");
  const longest = Math.max(...profile.stages.map(stage => stage.busy_seconds));
  const width = seconds => `${longest > 0 ? 100 * seconds / longest : 0}%`;
  place("times").replaceChildren(...profile.stages.flatMap(stage => {
    const parts = [["reading", stage.read_seconds], ["other", stage.busy_seconds - stage.read_seconds]].map(([name, seconds]) => {
      const part = element("div", {className: name});
      part.style.width = width(Math.max(0, seconds));
      return part;
    });
    return [element("div", {}, visible(stage.name)), element("div", {className: "track"}, ...parts),
            element("div", {className: "seconds"}, secondsText(stage.busy_seconds))];
  }));
}

function key(name) {
  const swatch = element("span", {className: "key"});
  swatch.style.background = name === "reading" ? "var(--bars)" : "var(--accent)";
  return swatch;
}

let selected = null;
let map = null;
const detail = new TensorDetail(place("detail"));
const table = new TensorTable(tensors, select);

function select(tensor) {
  selected = tensor;
  table.select(tensor);
  detail.show(tensor);
  if (map) map.redraw(false, false);
}

function showMap() {
  const points = measured();
  place("map-panel").hidden = points.length === 0;
  if (points.length === 0) return;
  const exact = tensors.filter(exactly).length;
  place("map-note").textContent = exact > 0 ? `${wholeNumber(exact)} that lost nothing have no SQNR.` : "";
  map = drawMap(place("map"), points, () => selected, select);
}

const darkByDefault = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : darkByDefault.matches;

/** Draws all charts again: they read their colours when they are drawn. */
function showTheme() {
  place("theme").textContent = isDark() ? "Light theme" : "Dark theme";
  showMap();
  if (selected) detail.show(selected);
}

place("theme").addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  showTheme();
});
darkByDefault.addEventListener("change", showTheme);

if (report.output) document.title = `${visible(fileName(report.output))}: h5palettize report`;
place("files").textContent = report.output ? `${visible(report.input)} \u2192 ${visible(report.output)}` : "";
showTotals();
showWarnings();
showTimes();
showTheme();
const first = worstTensor() ?? tensors[0];
if (first) select(first);
