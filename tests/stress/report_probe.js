// report_probe.js -- put into a report's page by report_test.sh: looks at all that the page shows,
// and tells the page around it what is amiss.
'use strict';

(() => {
const complaints = [];
const expect = (holds, what) => { if (!holds) complaints.push(what); };

addEventListener('error', (event) => complaints.push(`error: ${event.message}`));
addEventListener('unhandledrejection', (event) => complaints.push(`rejected: ${event.reason}`));
document.addEventListener('securitypolicyviolation',
  (event) => complaints.push(`the page wanted ${event.blockedURI || event.violatedDirective}`));

const pixels = (canvas, x, y, width, height) =>
  canvas.getContext('2d', {willReadFrequently: true}).getImageData(x, y, width, height).data;

function has_ink(canvas) {
  const data = pixels(canvas, 0, 0, canvas.width, canvas.height);
  let inked = 0;
  for (let i = 3; i < data.length; i += 4) inked += data[i] > 0;
  return inked > canvas.width * canvas.height / 200;
}

// Whether something of that colour, #rrggbb, is in a rectangle.
function has_colour(canvas, hex, x, y, width, height) {
  const wanted = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  const data = pixels(canvas, x, y, width, height);
  for (let i = 0; i < data.length; i += 4) {
    const near = wanted.every((part, c) => Math.abs(part - data[i + c]) < 6);
    if (near && data[i + 3] > 60) return true;
  }
  return false;
}

function look_at_plot(canvas, name) {
  const label = canvas.getAttribute('aria-label') ?? '';
  const which = `${name}: plot "${label.slice(0, 30)}"`;
  expect(label.length > 30 && !/undefined|NaN|Infinity/.test(label), `${which}: says "${label}"`);
  expect(canvas.clientWidth > 200 && canvas.clientHeight > 150, `${which}: is tiny`);
  const chart = Chart.getChart(canvas);
  if (!chart) return complaints.push(`${which}: is not drawn`);
  expect(has_ink(canvas), `${which}: is blank`);
  const {left, right, top, bottom} = chart.chartArea;
  chart.data.datasets.forEach(({label: series}, i) => {
    const inside = chart.getDatasetMeta(i).data.filter(({x, y}) =>
      x >= left - 1 && x <= right + 1 && y >= top - 1 && y <= bottom + 1);
    const nothing_to_show = ['with a chain', 'Worst pause'].includes(series);
    expect(inside.length > 0 || nothing_to_show, `${which}: ${series} has no points in sight`);
  });
  const figure = canvas.closest('figure');
  expect(figure.querySelector('figcaption h3').textContent.length > 0, `${which}: has no title`);
  return look_at_table(figure, which);
}

async function look_at_table(figure, which) {
  const folded = figure.querySelector('details');
  if (folded) {
    folded.open = true;
    await new Promise((done) => folded.addEventListener('toggle', () => setTimeout(done)));
  }
  const cells = [...figure.querySelectorAll('tbody td')].map((cell) => cell.textContent);
  expect(cells.length > 0, `${which}: has no table`);
  expect(!cells.some((text) => /undefined|NaN|Infinity|^$/.test(text)), `${which}: has ${cells}`);
  if (folded) folded.open = false;
}

// Growths are drawn through the panel of the throughput.
function look_at_growths(section, scenario) {
  const canvas = section.querySelector('canvas[aria-label^="Timeline"]');
  const chart = canvas && Chart.getChart(canvas);
  if (!chart) return;
  const ratio = chart.currentDevicePixelRatio;
  const {left, right} = chart.chartArea;
  const {top, bottom} = chart.scales.rate;
  const area = [left, top, right - left, bottom - top].map((n) => Math.round(n * ratio));
  const style = getComputedStyle(document.documentElement);
  for (const [growths, series] of [[scenario.growths_double, '--series-2'],
    [scenario.growths_same_size, '--series-4']]) {
    const marked = has_colour(canvas, style.getPropertyValue(series).trim(), ...area);
    expect(marked === growths > 0, `${scenario.name}: ${growths} growths, marked: ${marked}`);
  }
}

function look_at_percentiles(scenario) {
  for (const {call, count, percentiles_ns, worst_ns, bins} of scenario.calls) {
    const which = `${scenario.name}: ${call}`;
    const rising = [...Object.values(percentiles_ns), worst_ns];
    expect(Object.keys(percentiles_ns).join() === '50,90,99,99.9,99.99,99.999', `${which}: which?`);
    expect(rising.every((ns, i) => i === 0 || rising[i - 1] <= ns), `${which}: falls: ${rising}`);
    expect(bins.reduce((sum, bin) => sum + bin[2], 0) === count, `${which}: bins of other calls`);
  }
}

// Also the calls of threads that ended between two looks.
function look_at_pauses({name, all_calls, timeline}) {
  const seen = Math.max(...timeline.worst_pause_ns);
  expect(seen === all_calls.worst_ns,
    `${name}: the timeline's worst pause is ${seen}, the worst call took ${all_calls.worst_ns}`);
}

async function look_at_scenario(scenario) {
  const section = document.getElementById(scenario.name);
  if (!section) return complaints.push(`${scenario.name}: has no section`);
  expect(section.open, `${scenario.name}: is folded`);
  const kinds = [[scenario.calls.length > 0, 1], [scenario.timeline.seconds.length > 0, 2],
    [scenario.layout !== null, 2]];
  const wanted = kinds.reduce((sum, [there, plots]) => sum + (there ? plots : 0), 0);
  const canvases = [...section.querySelectorAll('canvas')];
  expect(canvases.length === wanted && wanted > 0,
    `${scenario.name}: ${canvases.length} plots instead of ${wanted}`);
  for (const canvas of canvases) await look_at_plot(canvas, scenario.name);
  look_at_growths(section, scenario);
  look_at_percentiles(scenario);
  look_at_pauses(scenario);
  const told = section.querySelectorAll('.findings li').length;
  expect(told >= scenario.findings.length, `${scenario.name}: ${told} findings shown`);
  expect(section.querySelectorAll('.notes dt').length >= scenario.notes.length,
    `${scenario.name}: notes are missing`);
}

function look_at_head(run) {
  const verdict = document.querySelector('h1')?.textContent ?? '';
  expect(verdict.startsWith(run.verified ? 'Verified' : 'Wrong'), `the verdict is "${verdict}"`);
  const head = document.getElementById('head').textContent;
  for (const fact of [run.seed, ...Object.values(run.build), `--seed ${run.seed}`]) {
    expect(head.includes(fact), `the head lacks ${fact}`);
  }
  const rows = document.querySelectorAll('#overview tbody tr').length;
  expect(rows === run.scenarios.length, `${rows} rows in the overview`);
}

function look_at_page() {
  const {scrollWidth, dataset} = document.documentElement;
  expect(dataset.ready === 'true', 'the page is not ready');
  expect(dataset.error === undefined, `the page says: ${dataset.error}`);
  expect(scrollWidth <= innerWidth, `${scrollWidth} pixels wide in a window of ${innerWidth}`);
  expect(document.images.length === 0, 'text became markup');
  expect(document.querySelectorAll('body > script').length === 3, 'text became a script');
  const back = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
  const is_dark = Math.max(...back) < 64;
  expect(is_dark === matchMedia('(prefers-color-scheme: dark)').matches, `background ${back}`);
}

addEventListener('load', async () => {
  try {
    document.querySelector('.unfold')?.click();
    const run = JSON.parse(document.getElementById('run').textContent);
    look_at_page();
    look_at_head(run);
    for (const scenario of run.scenarios) await look_at_scenario(scenario);
  } catch (error) {
    complaints.push(`the probe failed: ${error.stack}`);
  }
  parent.postMessage(complaints, '*');
});
})();
