/* What all charts share: the page's colours, figures in the page's language, axes, and stepping with the keys. */

const language = document.documentElement.lang;
const format = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const rounded = new Intl.NumberFormat(language);

export const figure = (value, unit) =>
  (value === null || value === undefined ? "–" : format.format(value).replace("-", "−") + "\u00a0" + unit);

export function colours() {
  const style = getComputedStyle(document.documentElement);
  const get = (name) => style.getPropertyValue("--" + name).trim();
  return { paper: get("paper"), ink: get("ink"), muted: get("muted"), rule: get("rule"), gap: get("gap"),
    now: get("series-1"), before: get("series-2"), bold: get("series-6"), power: get("series-3") };
}

/* The name of an axis stands above it and begins at the chart's left edge, where a phone has room for it. */
export function valueAxis(name, colour, grid, left) {
  return { type: "value", gridIndex: grid, name: name, nameLocation: "end", nameGap: 12, splitNumber: 4,
    nameTextStyle: { color: colour.muted, align: "left", padding: [0, 0, 0, -left] },
    splitLine: { lineStyle: { color: colour.rule } },
    axisLabel: { color: colour.muted, formatter: (number) => rounded.format(number).replace("-", "−") } };
}

export function frame(colour, sentence) {
  return {
    animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    tooltip: { renderMode: "richText", confine: true, backgroundColor: colour.paper, borderColor: colour.muted,
      textStyle: { color: colour.ink }, formatter: sentence },
  };
}

const LINE = "path://M0,5H24V7H0z";
const DASHED = "path://M0,5H6V7H0zM9,5H15V7H9zM18,5H24V7H18z";

/* A line stands in the legend as it is drawn; by itself ECharts would put a point on it. */
export function legend(colour, named) {
  const icon = (one) => (one.type === "line" ? (one.lineStyle.type === "dashed" ? DASHED : LINE) : undefined);
  return { top: 0, left: 0, textStyle: { color: colour.ink }, itemGap: 16, itemHeight: 12, selectedMode: false,
    data: named.map((one) => ({ name: one.name, icon: icon(one) })) };
}

/* Stepping reads each place out; the same sentence is shown at the pointer. */
export function steps(element, chart, count, sentence, series, open) {
  const spoken = element.querySelector(".spoken");
  let at = -1;
  element.addEventListener("keydown", (event) => {
    const last = count - 1;
    const to = { ArrowRight: Math.min(at + 1, last), ArrowLeft: Math.max(at - 1, 0), Home: 0, End: last }[event.key];
    if (event.key === "Enter" && at >= 0) { open(at); }
    if (to === undefined) { return; }
    event.preventDefault();
    at = to;
    chart.dispatchAction({ type: "showTip", seriesIndex: series(at), dataIndex: at });
    spoken.textContent = sentence(at).join(" · ");
  });
}
