// Draws the charts with uPlot on canvases. Colours come from the style sheet, so that each theme has its own.

/** Returns a colour of the style sheet under the current theme. */
function colour(name, alpha = 1) {
  const probe = element("span");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const [red, green, blue] = getComputedStyle(probe).color.match(/[\d.]+/g);
  probe.remove();
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}

const tip = document.getElementById("tip");

function showTip(event, text) {
  tip.hidden = text === "";
  if (tip.hidden) return;
  tip.textContent = text;
  const {width, height} = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(event.clientX + 12, innerWidth - width - 4))}px`;
  tip.style.top = `${event.clientY + 16 + height > innerHeight ? event.clientY - height - 10 : event.clientY + 16}px`;
}

function axis(label, more = {}) {
  const line = colour("line");
  return {
    label, labelSize: 22, labelGap: 0, stroke: colour("soft"), font: "11.5px system-ui, sans-serif", labelFont: "11.5px system-ui, sans-serif",
    grid: {stroke: colour("faint"), width: 1}, ticks: {stroke: line, width: 1, size: 4}, border: {show: false},
    values: (chart, splits) => splits.map(shortNumber), ...more,
  };
}

/** Makes a chart that follows the width of its place. Returns the uPlot object. */
function draw(place, height, options, data, label) {
  place.replaceChildren();
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", label);
  const width = () => Math.max(200, Math.floor(place.clientWidth));
  const chart = new uPlot({width: width(), height, legend: {show: false}, padding: [10, 12, 0, 0], ...options}, data, place);
  new ResizeObserver(() => {
    if (chart.width !== width() && place.isConnected) chart.setSize({width: width(), height});
  }).observe(place);
  chart.over.addEventListener("mouseleave", event => showTip(event, ""));
  return chart;
}

const bars = () => uPlot.paths.bars({size: [1, Infinity], gap: 1});

/** Draws a vertical line at each value. height: part of the height of the plot, from below. */
function drawRug(chart, values, stroke, height) {
  const {ctx, bbox} = chart;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = 1.25 * devicePixelRatio;
  ctx.beginPath();
  for (const value of values) {
    const x = Math.round(chart.valToPos(value, "x", true)) + 0.5;
    if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) continue;
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x, bbox.top + bbox.height * (1 - height));
  }
  ctx.stroke();
  ctx.restore();
}

/** Draws the histogram of a tensor. luts: lists of values to show on it; logarithmic: scale of the counts. */
function drawHistogram(place, detail, luts, logarithmic) {
  const counts = detail.histogram;
  const {low, high} = detail;
  const width = (high - low) / counts.length;
  const margin = high > low ? (high - low) * 0.015 : Math.abs(low) * 0.1 || 1;
  const middles = counts.map((count, bin) => low + (bin + 0.5) * width);
  const heights = counts.map(count => !logarithmic ? count : count > 0 ? Math.log10(count) : null);
  const rug = luts.length === 1 ? 1 : 0.14;
  const alpha = luts.length === 1 ? 0.75 : 0.55;
  const floor = logarithmic ? -0.3 : 0;
  const chart = draw(place, 220, {
    scales: {x: {time: false, range: [low - margin, high + margin]}, y: {range: (u, least, most) => [floor, (most || 1) * 1.06]}},
    cursor: {points: {show: false}, y: false, drag: {x: false, y: false, setScale: false}},
    axes: [
      axis(detail.scaled ? "weight / scale of its channel" : "weight", {size: 30}),
      axis("weights", {
        size: 52,
        values: (u, splits) => splits.map(v => !logarithmic ? compactCount(v) : Number.isInteger(v) ? compactCount(10 ** v) : ""),
      }),
    ],
    series: [{}, {fill: colour("bars"), stroke: colour("bars"), width: 0, paths: bars(), points: {show: false}, fillTo: floor}],
    hooks: {draw: [u => luts.forEach(values => drawRug(u, values, colour("mark", alpha), rug))]},
  }, [middles, heights], "Histogram of the weights, with LUT entries");
  chart.over.addEventListener("mousemove", event => {
    const bin = chart.cursor.idx;
    if (!isNumber(bin)) return showTip(event, "");
    showTip(event, `${wholeNumber(counts[bin])} weights from ${shortNumber(low + bin * width)} to ${shortNumber(low + (bin + 1) * width)}`);
  });
}

function compactCount(count) {
  return count >= 1e4 ? Intl.NumberFormat("en-US", {notation: "compact"}).format(count) : String(Math.round(count * 100) / 100);
}

/** Draws the mean squared error of the groups. onSelect(group): called for a click on a group with a LUT. */
function drawGroupErrors(place, detail, groupCount, onSelect) {
  const per = detail.groups_per_strip;
  const errors = detail.strip_mse.map(steps => isNumber(steps) ? steps * detail.mse_unit : null);
  const firsts = errors.map((error, strip) => strip * per);
  const names = strip => {
    const last = Math.min(groupCount, (strip + 1) * per) - 1;
    return per === 1 || last === firsts[strip] ? `group ${firsts[strip]}` : `the worst of groups ${firsts[strip]} to ${last}`;
  };
  const chart = draw(place, 150, {
    scales: {x: {time: false, range: [-0.6 * per, (errors.length - 0.4) * per]}, y: {range: (u, least, most) => [0, (most || 1) * 1.06]}},
    cursor: {points: {show: false}, y: false, drag: {x: false, y: false, setScale: false}},
    axes: [axis("group", {size: 30, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5]}), axis("MSE", {size: 60})],
    series: [{}, {fill: colour("bars"), stroke: colour("bars"), width: 0, paths: bars(), points: {show: false}}],
  }, [firsts, errors], "Mean squared error by group");
  chart.over.addEventListener("mousemove", event => {
    const strip = chart.cursor.idx;
    showTip(event, isNumber(strip) ? `${names(strip)}: mean squared error ${errorText(errors[strip])}` : "");
  });
  chart.over.addEventListener("click", () => {
    if (isNumber(chart.cursor.idx)) onSelect(firsts[chart.cursor.idx], per);
  });
}

/** Returns a scale around the values, at least as wide as `narrowest`. */
function around(narrowest) {
  return (chart, least, most) => {
    if (least === null || most === null) return [0, 1];
    const margin = Math.max((most - least) * 0.06, (narrowest - (most - least)) / 2, 0);
    return [least - margin, most + margin];
  };
}

/** Draws points one by one, so that places with many of them are darker. */
function drawPoints(chart, tensors, radius, selected) {
  const {ctx, bbox} = chart;
  const circle = (tensor, size) => {
    ctx.beginPath();
    ctx.arc(chart.valToPos(tensor.bits_per_weight, "x", true), chart.valToPos(tensor.sqnr_db, "y", true), size * devicePixelRatio, 0, 7);
  };
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = colour("accent", 0.55);
  for (const tensor of tensors) {
    circle(tensor, radius);
    ctx.fill();
  }
  if (tensors.includes(selected)) {
    circle(selected, radius + 3);
    ctx.lineWidth = 2.5 * devicePixelRatio;
    ctx.strokeStyle = colour("mark");
    ctx.stroke();
  }
  ctx.restore();
}

/** Draws SQNR against bits per weight. tensors: those that have both. */
function drawMap(place, tensors, selected, onSelect) {
  const points = tensors.slice().sort((a, b) => a.bits_per_weight - b.bits_per_weight);
  const few = points.length < 60;
  const chart = draw(place, 300, {
    scales: {x: {time: false, range: around(0.4)}, y: {range: around(1)}},
    cursor: {x: false, y: false, points: {show: false}, drag: {x: true, y: true, setScale: true, uni: 30, dist: 5}},
    axes: [axis("bits per weight", {size: 30}), axis("SQNR, dB", {size: 46})],
    series: [{}, {paths: () => null, points: {show: false}}],
    hooks: {draw: [u => drawPoints(u, points, few ? 4.5 : 3.5, selected())]},
  }, [points.map(tensor => tensor.bits_per_weight), points.map(tensor => tensor.sqnr_db)], "SQNR of the palettized tensors against their bits per weight");
  const nearest = event => {
    const area = chart.over.getBoundingClientRect();
    let best = null;
    let least = 14 ** 2;
    for (const tensor of points) {
      const x = chart.valToPos(tensor.bits_per_weight, "x") - (event.clientX - area.left);
      const y = chart.valToPos(tensor.sqnr_db, "y") - (event.clientY - area.top);
      if (x * x + y * y > least) continue;
      least = x * x + y * y;
      best = tensor;
    }
    return best;
  };
  chart.over.addEventListener("mousemove", event => {
    const tensor = nearest(event);
    showTip(event, tensor ? `${visible(tensor.path)}\n${sqnrText(tensor)} at ${fixed(2)(tensor.bits_per_weight)} bits per weight` : "");
  });
  let pressed = null;
  chart.over.addEventListener("mousedown", event => { pressed = event; });
  chart.over.addEventListener("click", event => {
    const moved = pressed && Math.hypot(event.clientX - pressed.clientX, event.clientY - pressed.clientY) > 4;
    const tensor = moved ? null : nearest(event);
    if (tensor) onSelect(tensor);
  });
  return chart;
}
