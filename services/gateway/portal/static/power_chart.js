/* Subscription power: the days that it rests on, the line through them where there is one, and what was measured. */

import { colours, figure, frame, legend, steps, valueAxis } from "./drawing.js";

const LEFT = 48;
const BAND = 0.05;
const TICK_C = 5;

function sentence(data, words, index) {
  const [celsius, kw] = data.days[index];
  return [data.labels[index], words.highest + ": " + figure(kw, "kW"), words.outdoor + ": " + figure(celsius, "°C")];
}

function edges(data) {
  const celsius = data.days.map((day) => day[0]).concat(data.read_at_c ?? []);
  const coldest = Math.floor(Math.min(...celsius) / TICK_C) * TICK_C;
  // A single day may lie on a tick, and an axis has two ends.
  return [coldest, Math.max(coldest + TICK_C, Math.ceil(Math.max(...celsius) / TICK_C) * TICK_C)];
}

function series(data, words, colour) {
  const [coldest, mildest] = edges(data);
  const all = [{ name: words.highest, type: "scatter", symbol: "triangle", symbolSize: 8, data: data.days,
    itemStyle: { color: colour.now, opacity: 0.7 } }];
  if (data.line) {
    const at = (celsius) => [celsius, Math.max(0, data.line[1] + data.line[0] * celsius)];
    all.push({ name: words.line, type: "line", symbol: "none", silent: true, data: [at(coldest), at(mildest)],
      lineStyle: { color: colour.before, width: 2, type: "dashed" }, itemStyle: { color: colour.before } });
  }
  if (data.in_force_kw) {
    const low = data.in_force_kw * (1 - BAND);
    const high = data.in_force_kw * (1 + BAND);
    all.push({ name: words.in_force_band, type: "line", symbol: "none", silent: true,
      data: [[coldest, data.in_force_kw], [mildest, data.in_force_kw]],
      lineStyle: { color: colour.bold, width: 2.5 }, itemStyle: { color: colour.bold },
      markArea: { silent: true, itemStyle: { color: colour.gap, borderColor: colour.muted, borderWidth: 0.5 },
        label: { show: false }, data: [[{ yAxis: low }, { yAxis: high }]] } });
  }
  const label = { show: true, position: "top", distance: 8, color: colour.ink, fontWeight: 600,
    backgroundColor: colour.paper, padding: [1, 4], formatter: () => figure(data.measured_kw, "kW") };
  if (data.measured_kw !== null && data.read_at_c === null) {
    all.push({ name: words.value, type: "line", symbol: "none", silent: true, z: 4,
      data: [[coldest, data.measured_kw], [mildest, data.measured_kw]],
      lineStyle: { color: colour.before, width: 2, type: "dashed" }, itemStyle: { color: colour.before },
      endLabel: { ...label, align: "right" } });
  } else if (data.measured_kw !== null) {
    all.push({ name: words.value, type: "scatter", symbol: "diamond", symbolSize: 16, silent: true,
      data: [[data.read_at_c, data.measured_kw]], z: 4,
      itemStyle: { color: colour.before, borderColor: colour.paper, borderWidth: 2 },
      label,
      markLine: { silent: true, symbol: "none", label: { show: false },
        lineStyle: { color: colour.muted, type: "dashed", width: 1 }, data: [{ xAxis: data.read_at_c }] } });
  }
  return all;
}

function option(data, words, width) {
  const colour = colours();
  const [coldest, mildest] = edges(data);
  const all = series(data, words, colour);
  const rows = Math.ceil(all.length / Math.max(1, Math.floor(width / 210)));
  return {
    ...frame(colour, (item) => sentence(data, words, item.dataIndex).join("\n")),
    legend: legend(colour, all),
    grid: { left: LEFT, right: 16, top: rows * 24 + 28, bottom: 48 },
    xAxis: { type: "value", min: coldest, max: mildest, interval: TICK_C, name: words.mean_axis,
      nameLocation: "middle", nameGap: 28, nameTextStyle: { color: colour.muted }, splitLine: { show: false },
      axisLine: { onZero: false, lineStyle: { color: colour.muted } },
      axisLabel: { color: colour.muted, formatter: (value) => String(value).replace("-", "−") } },
    // Left at the edge: at zero degrees it would stand inside the cloud.
    yAxis: { ...valueAxis(words.highest_axis, colour, 0, LEFT), min: 0, axisLine: { onZero: false } },
    series: all,
  };
}

export function powerChart(element, chart, data, shared) {
  const words = { ...shared, ...data.words };
  steps(element, chart, data.days.length, (index) => sentence(data, words, index), () => 0, () => {});
  return () => option(data, words, chart.getWidth());
}
