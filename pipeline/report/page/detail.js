// Shows the selected tensor: its facts, its histogram with LUT entries, its errors by group.

class TensorDetail {
  constructor(place) {
    this.place = place;
    this.logarithmic = false;
  }

  show(tensor) {
    this.tensor = tensor;
    const palettized = tensor.action === "palettized";
    const facts = [
      ["SQNR", sqnrText(tensor)], ["Mean squared error", palettized ? errorText(tensor.mse) : kNothing],
      ["Max error", palettized ? errorText(tensor.max_abs_error) : kNothing], ["Bits per weight", fixed(2)(tensor.bits_per_weight)],
      ["Before", bytesText(tensor.bytes_in)], ["After", bytesText(tensor.bytes_out)],
      ["Groups", palettized ? wholeNumber(tensor.groups) : kNothing], ["Time", palettized ? secondsText(tensor.seconds) : kNothing],
    ];
    if (isNumber(tensor.optimality_gap)) facts.push(["Optimality gap", errorText(tensor.optimality_gap)]);
    this.place.replaceChildren(
      element("h2", {className: "path"}, ...breakable(tensor.path)),
      element("p", {className: "note"}, visible([tensor.dtype, shapeText(tensor), specText(tensor)].filter(part => part).join(" \u00b7 "))),
      element("p", {className: "note"}, visible(tensor.error ?? tensor.reason ?? "")),
      element("dl", {className: "facts"}, ...facts.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)))));
    if (!palettized) return;
    if (this.isDescribed()) return this.addCharts();
    this.place.append(element("p", {className: "note"}, this.whyNoDetail()));
  }

  isDescribed() {
    const detail = this.tensor.detail;
    return detail !== null && typeof detail === "object" && [detail.histogram, detail.strip_mse, detail.groups].every(Array.isArray) &&
      [detail.low, detail.high, detail.lut_unit, detail.mse_unit, detail.groups_per_strip].every(isNumber) && detail.groups_per_strip > 0 &&
      detail.groups.every(group => group !== null && typeof group === "object" && Array.isArray(group.lut));
  }

  whyNoDetail() {
    if (typeof this.tensor.detail_reason === "string") return `No histogram: ${visible(this.tensor.detail_reason)}.`;
    return "No histogram: the report holds none. run --report-html records it, and so does --report with --report-detail.";
  }

  addCharts() {
    const {detail} = this.tensor;
    this.lut = group => group.lut.map(steps => steps * detail.lut_unit);
    const groups = this.tensor.groups;
    this.choice = element("select", {ariaLabel: "LUT entries of"});
    if (detail.groups.length > 1) this.choice.append(element("option", {value: "all"}, `${detail.groups.length === groups ? "all" : `these ${detail.groups.length} of ${wholeNumber(groups)}`} groups`));
    const worst = detail.groups.reduce((a, b) => (b.mse ?? 0) > (a.mse ?? 0) ? b : a, detail.groups[0]);
    detail.groups.forEach((group, place) => this.choice.append(
      element("option", {value: String(place)}, groups === 1 ? "the tensor" : `group ${group.group}${group === worst ? ", the worst" : ""}`)));
    this.choice.value = String(detail.groups.indexOf(worst));
    const log = element("input", {type: "checkbox", checked: this.logarithmic});
    this.histogram = element("div", {className: "chart", id: "histogram"});
    this.choice.addEventListener("change", () => this.drawHistogram());
    log.addEventListener("change", () => {
      this.logarithmic = log.checked;
      this.drawHistogram();
    });
    this.note = element("p", {className: "hint"});
    this.place.append(
      element("div", {className: "panel-head"}, element("h3", {}, "Weights and LUT entries"), element("label", {}, log, " log counts"), this.choice),
      this.histogram, this.note);
    this.drawHistogram();
    if (groups > 1) this.addGroups();
  }

  addGroups() {
    const {detail, groups} = this.tensor;
    const place = element("div", {className: "chart", id: "group-errors"});
    const per = detail.groups_per_strip;
    const worst = detail.groups.filter(group => isNumber(group.mse)).sort((a, b) => b.mse - a.mse).slice(0, 4);
    this.place.append(
      element("div", {className: "panel-head"}, element("h3", {}, "Error by group")),
      place,
      element("p", {className: "hint"}, (per > 1 ? `A bar is the worst of ${wholeNumber(per)} groups. ` : "") +
        `Worst: ${worst.map(group => `group ${wholeNumber(group.group)} (${errorText(group.mse)})`).join(", ")}.`));
    drawGroupErrors(place, detail, groups, (first, count) => {
      const found = detail.groups.findIndex(group => group.group >= first && group.group < first + count);
      if (found < 0) return;
      this.choice.value = String(found);
      this.drawHistogram();
    });
  }

  drawHistogram() {
    const {detail} = this.tensor;
    const chosen = this.choice.value === "all" ? detail.groups : [detail.groups[Number(this.choice.value)]].filter(group => group);
    drawHistogram(this.histogram, detail, chosen.map(this.lut), this.logarithmic);
    const entries = chosen.length === 1 ? `the ${wholeNumber(chosen[0].lut.length)} values of the LUT` : `the LUT entries of ${chosen.length} groups`;
    this.note.textContent = `Bars: all weights of the tensor. Lines: ${entries}.`;
  }
}
