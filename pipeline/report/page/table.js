// Shows the table of tensors: sorted by any column, filtered, a part of a long table at a time.

const kRowsAtATime = 400;

const kColumns = [
  {name: "Path", key: tensor => visible(tensor.path)},
  {name: "Bits/weight", key: tensor => tensor.bits_per_weight, text: fixed(2)},
  {name: "Before", key: tensor => tensor.bytes_in, text: bytesText},
  {name: "After", key: tensor => tensor.bytes_out, text: bytesText},
  {name: "SQNR, dB", key: tensor => exactly(tensor) ? Infinity : lost(tensor, tensor.sqnr_db), text: value => value === Infinity ? "exact" : fixed(2)(value)},
  {name: "MSE", key: tensor => lost(tensor, tensor.mse), text: errorText},
  {name: "Max error", key: tensor => lost(tensor, tensor.max_abs_error), text: errorText},
];

const exactly = tensor => tensor.action === "palettized" && tensor.mse === 0;
/** Returns an error of a palettized tensor; null for a dense tensor, which has none. */
const lost = (tensor, value) => tensor.action === "palettized" ? value : null;

/** Compares numbers by size and texts by alphabet. Missing values come last in both directions. */
function compareBy(column, direction) {
  const rank = value => value === null || value === undefined ? 1 : 0;
  return (first, second) => {
    const a = column.key(first);
    const b = column.key(second);
    if (rank(a) !== rank(b)) return rank(a) - rank(b);
    if (typeof a === "string") return direction * (a < b ? -1 : a > b ? 1 : 0);
    return a === b || rank(a) ? 0 : direction * (a < b ? -1 : 1);
  };
}

class TensorTable {
  constructor(tensors, onSelect) {
    this.tensors = tensors;
    this.onSelect = onSelect;
    this.selected = null;
    this.column = kColumns.find(column => tensors.some(tensor => isNumber(column.key(tensor))) && column.name.startsWith("SQNR")) ?? kColumns[0];
    this.direction = 1;
    this.shown = kRowsAtATime;
    this.words = tensors.map(tensor =>
      [tensor.path, visible(tensor.path), tensor.dtype, shapeText(tensor), specText(tensor), tensor.action, tensor.reason].join(" ").toLowerCase());
    document.getElementById("filter").addEventListener("input", event => {
      this.filter = event.target.value.trim().toLowerCase();
      this.shown = kRowsAtATime;
      this.fill();
    });
    document.getElementById("more").addEventListener("click", () => {
      this.shown += kRowsAtATime;
      this.fill();
    });
    this.filter = "";
    this.makeHead();
    this.fill();
  }

  makeHead() {
    this.heads = kColumns.map(column => {
      const button = element("button", {type: "button"}, column.name);
      button.addEventListener("click", () => {
        this.direction = this.column === column ? -this.direction : 1;
        this.column = column;
        this.shown = kRowsAtATime;
        this.fill();
      });
      return element("th", {scope: "col"}, button);
    });
    document.getElementById("head").append(...this.heads);
  }

  fill() {
    this.heads.forEach((head, place) => {
      if (kColumns[place] !== this.column) return head.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", this.direction > 0 ? "ascending" : "descending");
    });
    const words = this.filter.split(/\s+/);
    const found = this.tensors.filter((tensor, place) => words.every(word => this.words[place].includes(word)));
    found.sort(compareBy(this.column, this.direction));
    document.getElementById("rows").replaceChildren(...found.slice(0, this.shown).map(tensor => this.row(tensor)));
    document.getElementById("count").textContent =
      found.length === this.tensors.length ? wholeNumber(found.length) : `${wholeNumber(found.length)} of ${wholeNumber(this.tensors.length)}`;
    const more = document.getElementById("more");
    more.hidden = found.length <= this.shown;
    more.textContent = `${wholeNumber(found.length - this.shown)} more`;
  }

  row(tensor) {
    const palettized = tensor.action === "palettized";
    const notes = [tensor.dtype, shapeText(tensor), palettized ? specText(tensor, false) : `dense: ${tensor.reason ?? ""}`];
    const cells = kColumns.map((column, place) => place === 0
      ? element("td", {}, element("span", {className: palettized ? "path" : "path dense"}, ...breakable(tensor.path)),
                element("span", {className: "note"}, visible(notes.filter(note => note).join(" \u00b7 "))))
      : element("td", {}, column.text(column.key(tensor))));
    const row = element("tr", {tabIndex: 0}, ...cells);
    row.setAttribute("aria-selected", String(tensor === this.selected));
    row.addEventListener("click", () => this.onSelect(tensor));
    row.addEventListener("keydown", event => {
      const next = event.key === "ArrowDown" ? row.nextElementSibling : event.key === "ArrowUp" ? row.previousElementSibling : null;
      if (event.key === "Enter" || event.key === " ") this.onSelect(tensor);
      else if (next) next.focus();
      else return;
      event.preventDefault();
    });
    row.tensor = tensor;
    return row;
  }

  select(tensor) {
    this.selected = tensor;
    for (const row of document.getElementById("rows").children) {
      row.setAttribute("aria-selected", String(row.tensor === tensor));
      if (row.tensor === tensor) this.reveal(row);
    }
  }

  /** Scrolls the table alone; the page does not move. */
  reveal(row) {
    const scroll = document.getElementById("scroll");
    const head = this.heads[0].offsetHeight;
    if (row.offsetTop - head < scroll.scrollTop) scroll.scrollTop = row.offsetTop - head;
    const below = row.offsetTop + row.offsetHeight - scroll.clientHeight;
    if (below > scroll.scrollTop) scroll.scrollTop = below;
  }
}
