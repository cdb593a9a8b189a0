/* Energy by the day or the hour as bars, with power or the outdoor temperature below. */

import { colours, figure, frame, legend, steps, valueAxis } from "./drawing.js";

const HATCH = { symbol: "rect", rotation: Math.PI / 4, color: "rgba(255,255,255,.85)", dashArrayX: [1, 0], dashArrayY: [2, 3] };
const MANUAL = { symbol: "rect", rotation: Math.PI / 4, color: "rgba(255,255,255,.85)", dashArrayX: [2, 3], dashArrayY: [2, 3] };
const GROUPS = { measured: "measured", interpolated: "calculated", estimated: "calculated", manual: "manual" };
const LEFT = 48;

const isByHour = (data) => data.resolution === "hour";
const hasInForce = (data) => data.in_force_kw.some((value) => value !== null);
const hasPower = (data) => data.highest_kw.some((value) => value !== null) || hasInForce(data);
const hasOutdoor = (data) => data.outdoor_c.some((value) => value !== null);
const hasSecond = (data) => (isByHour(data) ? hasOutdoor(data) : hasPower(data));

function quality(data, words, index) {
  return (words[data.quality[index]] || data.quality[index]).toLowerCase();
}

function sentence(data, words, index) {
  const unit = isByHour(data) ? "kW" : "kWh";
  const parts = [data.labels[index]];
  if (data.energy_kwh[index] === null) { parts.push(words.missing); }
  else { parts.push(figure(data.energy_kwh[index], unit), quality(data, words, index)); }
  const add = (values, name, of) => {
    if (values.length && values[index] !== null) { parts.push(name + ": " + figure(values[index], of)); }
  };
  add(data.before_kwh, words.before, unit);
  add(data.highest_kw, words.highest, "kW");
  add(data.outdoor_c, words.outdoor, "°C");
  return parts;
}

/* Runs of slots without figures, each marked over its whole width so that a gap is never taken for zero. */
function gaps(data, words) {
  const found = [];
  let start = -1;
  for (let index = 0; index <= data.quality.length; index += 1) {
    const isMissing = index < data.quality.length && data.quality[index] === "missing";
    if (isMissing && start < 0) { start = index; }
    if (!isMissing && start >= 0) {
      found.push([{ name: words.missing, xAxis: start - 0.5 }, { xAxis: index - 0.5 }]);
      start = -1;
    }
  }
  return found;
}

function bars(data, words, colour) {
  const decals = { measured: undefined, calculated: HATCH, manual: MANUAL };
  const present = new Set(data.quality.map((name) => GROUPS[name]).filter(Boolean));
  return ["measured", "calculated", "manual"].filter((group) => present.has(group)).map((group) => ({
    name: words[group], type: "bar", stack: "energy", barCategoryGap: "12%", large: false,
    itemStyle: { color: colour.now, decal: decals[group], borderColor: colour.now, borderWidth: group === "measured" ? 0 : 0.5 },
    data: data.energy_kwh.map((value, index) => (GROUPS[data.quality[index]] === group ? value : null)),
  }));
}

/* A series of its own, so that gaps are marked where no bar is at all. */
function marks(data, words, colour) {
  return { name: "", type: "line", data: data.labels.map(() => null), silent: true,
    markArea: { silent: true, itemStyle: { color: colour.gap }, label: { color: colour.muted, position: "insideTop" },
      data: gaps(data, words) } };
}

function stepped(name, values, colour, width, dash, axis) {
  return { name: name, type: "line", step: "middle", symbol: "none", data: values, connectNulls: false,
    lineStyle: { color: colour, width: width, type: dash }, itemStyle: { color: colour }, xAxisIndex: axis, yAxisIndex: axis };
}

function plain(name, values, colour, axis) {
  return { name: name, type: "line", symbol: "none", data: values, connectNulls: false,
    lineStyle: { color: colour, width: 1.5 }, itemStyle: { color: colour }, xAxisIndex: axis, yAxisIndex: axis };
}

function series(data, words, colour) {
  const all = [...bars(data, words, colour), marks(data, words, colour)];
  if (data.before_kwh.some((value) => value !== null)) {
    // A casing in paper colour, without which a line over bars is lost in grey.
    const casing = stepped("", data.before_kwh, colour.paper, 4, "solid", 0);
    casing.silent = true;
    all.push(casing, stepped(words.before, data.before_kwh, colour.before, 1.5, "dashed", 0));
  }
  const inForce = (axis) => stepped(words.in_force, data.in_force_kw, colour.bold, 2.5, "solid", axis);
  if (isByHour(data)) {
    if (hasPower(data)) { all.push(inForce(0)); }
    if (hasOutdoor(data)) { all.push(plain(words.outdoor, data.outdoor_c, colour.power, 1)); }
  } else if (hasPower(data)) {
    all.push(plain(words.highest, data.highest_kw, colour.power, 1), ...(hasInForce(data) ? [inForce(1)] : []));
  }
  return all;
}

function timeAxis(data, colour, grid, isLast) {
  return { type: "category", gridIndex: grid, data: data.labels.map(String), axisTick: { show: false },
    axisLine: { onZero: false, lineStyle: { color: colour.muted } },
    axisLabel: { show: isLast, color: colour.muted, hideOverlap: true, interval: (index) => data.ticks[index] !== "",
      formatter: (_, index) => data.ticks[index] } };
}

function option(data, words, width, height) {
  const colour = colours();
  const all = series(data, words, colour);
  const named = all.filter((one) => one.name);
  const both = hasSecond(data);
  // The legend wraps where it is narrow; what stands below it begins lower there.
  const rows = Math.ceil(named.length / Math.max(1, Math.floor(width / 190)));
  const top = rows * 24 + 28;
  const axes = isByHour(data) ? [words.mean_power_axis, words.outdoor_axis] : [words.energy_axis, words.power_axis];
  const second = Math.round(height * 0.2);
  return {
    ...frame(colour, (items) => sentence(data, words, items[0].dataIndex).join("\n")),
    axisPointer: { link: [{ xAxisIndex: "all" }], lineStyle: { color: colour.muted } },
    legend: legend(colour, named),
    grid: [{ left: LEFT, right: 8, top: top, bottom: both ? second + 72 : 28 }, { left: LEFT, right: 8, bottom: 28, height: second }]
      .slice(0, both ? 2 : 1),
    xAxis: [timeAxis(data, colour, 0, !both), timeAxis(data, colour, 1, true)].slice(0, both ? 2 : 1),
    yAxis: axes.map((name, grid) => valueAxis(name, colour, grid, LEFT)).slice(0, both ? 2 : 1),
    series: all,
  };
}

export function energyChart(element, chart, data, words) {
  const open = (index) => {
    const day = data.links[index];
    if (day && element.dataset.page) {
      location.assign(element.dataset.page + "?from=" + day + "&to=" + day + element.dataset.which);
    }
  };
  chart.on("click", (item) => open(item.dataIndex));
  steps(element, chart, data.labels.length, (index) => sentence(data, words, index), () => 0, open);
  return () => {
    const drawn = option(data, words, chart.getWidth(), chart.getHeight());
    drawn.tooltip.trigger = "axis";
    return drawn;
  };
}
