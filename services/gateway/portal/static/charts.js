/* Draws each figure.chart from its own data. Every word comes from the server; the table beside it says the same. */
(function () {
  "use strict";

  const HATCH = { symbol: "rect", rotation: Math.PI / 4, color: "rgba(255,255,255,.85)", dashArrayX: [1, 0], dashArrayY: [2, 3] };
  const MANUAL = { symbol: "rect", rotation: Math.PI / 4, color: "rgba(255,255,255,.85)", dashArrayX: [2, 3], dashArrayY: [2, 3] };
  const language = document.documentElement.lang;
  const format = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const figure = (value, unit) => (value === null || value === undefined ? "–" : format.format(value) + "\u00a0" + unit);

  function colours() {
    const style = getComputedStyle(document.documentElement);
    const get = (name) => style.getPropertyValue("--" + name).trim();
    return { paper: get("paper"), ink: get("ink"), muted: get("muted"), rule: get("rule"),
      now: get("series-1"), before: get("series-2"), bold: get("series-6"), power: get("series-3") };
  }

  const GROUPS = { measured: "measured", interpolated: "calculated", estimated: "calculated", manual: "manual" };

  function quality(data, words, index) {
    return (words[data.quality[index]] || data.quality[index]).toLowerCase();
  }

  /* The same sentence for the pointer and for a screen reader. */
  function sentence(data, words, index) {
    const unit = data.resolution === "hour" ? "kW" : "kWh";
    const parts = [data.labels[index]];
    if (data.energy_kwh[index] === null) { parts.push(words.missing); }
    else { parts.push(figure(data.energy_kwh[index], unit), quality(data, words, index)); }
    if (data.before_kwh.length && data.before_kwh[index] !== null) {
      parts.push(words.before + ": " + figure(data.before_kwh[index], unit));
    }
    if (data.highest_kw.length && data.highest_kw[index] !== null) {
      parts.push(words.highest + ": " + figure(data.highest_kw[index], "kW"));
    }
    if (data.outdoor_c[index] !== null) { parts.push(words.outdoor + ": " + figure(data.outdoor_c[index], "°C")); }
    return parts;
  }

  /* Runs of slots without figures, each marked so that a gap is never taken for zero. */
  function gaps(data, words) {
    const found = [];
    let start = -1;
    for (let index = 0; index <= data.quality.length; index += 1) {
      const isMissing = index < data.quality.length && data.quality[index] === "missing";
      if (isMissing && start < 0) { start = index; }
      if (!isMissing && start >= 0) {
        found.push([{ name: words.missing, xAxis: start }, { xAxis: index - 1 }]);
        start = -1;
      }
    }
    return found;
  }

  function bars(data, words, colour) {
    const decals = { measured: undefined, calculated: HATCH, manual: MANUAL };
    const present = new Set(data.quality.map((name) => GROUPS[name]).filter(Boolean));
    const series = ["measured", "calculated", "manual"].filter((group) => group === "measured" || present.has(group))
      .map((group) => ({
        name: words[group], type: "bar", stack: "energy", barCategoryGap: "12%", large: false,
        itemStyle: { color: colour.now, decal: decals[group], borderColor: colour.now, borderWidth: group === "measured" ? 0 : 0.5 },
        data: data.energy_kwh.map((value, index) => (GROUPS[data.quality[index]] === group ? value : null)),
      }));
    series[0].markArea = { silent: true, itemStyle: { color: colour.rule, opacity: 0.5 },
      label: { color: colour.muted, position: "insideTop" }, data: gaps(data, words) };
    return series;
  }

  function stepped(name, values, colour, width, dash, axis) {
    return { name: name, type: "line", step: "middle", symbol: "none", data: values, connectNulls: false,
      lineStyle: { color: colour, width: width, type: dash }, itemStyle: { color: colour }, xAxisIndex: axis, yAxisIndex: axis };
  }

  function series(data, words, colour) {
    const all = bars(data, words, colour);
    if (data.before_kwh.length) {
      // A casing in paper colour, without which a line over bars is lost in grey.
      const casing = stepped("", data.before_kwh, colour.paper, 4, "solid", 0);
      casing.silent = true;
      all.push(casing, stepped(words.before, data.before_kwh, colour.before, 1.5, "dashed", 0));
    }
    if (data.highest_kw.length) {
      all.push({ name: words.highest, type: "line", symbol: "none", data: data.highest_kw, connectNulls: false,
        lineStyle: { color: colour.power, width: 1.5 }, itemStyle: { color: colour.power }, xAxisIndex: 1, yAxisIndex: 1 });
      all.push(stepped(words.in_force, data.in_force_kw, colour.bold, 2.5, "solid", 1));
    } else if (hasSecond(data)) {
      all.push({ name: words.outdoor, type: "line", symbol: "none", data: data.outdoor_c, connectNulls: false,
        lineStyle: { color: colour.bold, width: 1.5 }, itemStyle: { color: colour.bold }, xAxisIndex: 1, yAxisIndex: 1 });
    }
    return all;
  }

  function axis(data, colour, grid, isLast) {
    return { type: "category", gridIndex: grid, data: data.labels.map(String), axisTick: { show: false },
      axisLine: { onZero: false, lineStyle: { color: colour.muted } },
      axisLabel: { show: isLast, color: colour.muted, hideOverlap: true, interval: (index) => data.ticks[index] !== "",
        formatter: (_, index) => data.ticks[index] } };
  }

  function value(name, colour, grid) {
    return { type: "value", gridIndex: grid, name: name, nameLocation: "end", nameTextStyle: { color: colour.muted, align: "right" },
      splitNumber: 4, splitLine: { lineStyle: { color: colour.rule } },
      axisLabel: { color: colour.muted, formatter: (number) => new Intl.NumberFormat(language).format(number) } };
  }

  const hasSecond = (data) => data.highest_kw.length > 0 || data.outdoor_c.some((value) => value !== null);

  function option(data, words, width) {
    const colour = colours();
    const isByHour = data.resolution === "hour";
    const isNarrow = width < 640;
    const both = hasSecond(data);
    // The legend wraps on a phone; what stands below it begins lower there.
    const top = isNarrow ? (data.before_kwh.length ? 128 : 96) : 72;
    return {
      animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      axisPointer: { link: [{ xAxisIndex: "all" }], lineStyle: { color: colour.muted } },
      tooltip: { trigger: "axis", renderMode: "richText", confine: true, backgroundColor: colour.paper, borderColor: colour.muted,
        textStyle: { color: colour.ink }, formatter: (items) => sentence(data, words, items[0].dataIndex).join("\n") },
      legend: { top: 0, left: 0, textStyle: { color: colour.ink }, itemGap: 16, itemHeight: 12, selectedMode: false,
        data: series(data, words, colour).map((one) => one.name).filter(Boolean) },
      grid: [{ left: 56, right: 8, top: top, bottom: both ? 152 : 28 }, { left: 56, right: 8, bottom: 28, height: 80 }]
        .slice(0, both ? 2 : 1),
      xAxis: [axis(data, colour, 0, !both), axis(data, colour, 1, true)].slice(0, both ? 2 : 1),
      yAxis: [value(isByHour ? "kW" : "kWh", colour, 0), value(isByHour ? "°C" : "kW", colour, 1)].slice(0, both ? 2 : 1),
      series: series(data, words, colour),
    };
  }

  function keys(element, chart, data, words, open) {
    const spoken = element.querySelector(".spoken");
    let at = -1;
    element.addEventListener("keydown", (event) => {
      const last = data.labels.length - 1;
      const to = { ArrowRight: Math.min(at + 1, last), ArrowLeft: Math.max(at - 1, 0), Home: 0, End: last }[event.key];
      if (event.key === "Enter" && at >= 0) { open(at); }
      if (to === undefined) { return; }
      event.preventDefault();
      at = to;
      chart.dispatchAction({ type: "showTip", seriesIndex: 0, dataIndex: at });
      spoken.textContent = sentence(data, words, at).join(" · ");
    });
  }

  async function draw(element) {
    if (element.dataset.drawn) { return; }
    element.dataset.drawn = "yes";
    const words = JSON.parse(element.dataset.words);
    const answer = await fetch(element.dataset.figures, { headers: { Accept: "application/json" } });
    if (!answer.ok) { return; }
    const data = await answer.json();
    const chart = echarts.init(element.querySelector(".drawing"), null, { renderer: "svg" });
    const redraw = () => chart.setOption(option(data, words, element.clientWidth), true);
    redraw();
    const open = (index) => {
      const day = data.links[index];
      if (day) { location.assign(element.dataset.page + "?from=" + day + "&to=" + day + element.dataset.which); }
    };
    chart.on("click", (item) => open(item.dataIndex));
    keys(element, chart, data, words, open);
    new ResizeObserver(() => { chart.resize(); redraw(); }).observe(element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    element.dataset.ready = "yes";
  }

  const drawAll = () => document.querySelectorAll("figure.chart").forEach(draw);
  document.addEventListener("htmx:after:swap", () => {
    drawAll();
    const heading = document.querySelector("h1");
    if (heading) { heading.focus({ preventScroll: true }); }
  });
  drawAll();
}());
