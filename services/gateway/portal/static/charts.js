/* Draws each figure.chart from its own data. Every word comes from the server; the table beside it says the same. */

import { energyChart } from "./energy_chart.js";
import { powerChart } from "./power_chart.js";

const KINDS = { energy: energyChart, power: powerChart };

async function draw(element) {
  if (element.dataset.drawn) { return; }
  element.dataset.drawn = "yes";
  const words = JSON.parse(element.dataset.words);
  const answer = await fetch(element.dataset.figures, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer || !answer.ok) {
    element.querySelector(".spoken").textContent = words.failed;
    element.classList.add("failed");
    return;
  }
  const data = await answer.json();
  const chart = echarts.init(element.querySelector(".drawing"), null, { renderer: "svg" });
  const option = KINDS[element.dataset.kind](element, chart, data, words);
  const redraw = () => chart.setOption(option(), true);
  redraw();
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
