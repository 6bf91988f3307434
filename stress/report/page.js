// page.js -- draws a run: the head, the overview, and each scenario with its plots.
//
// What comes from the run goes in as text, never as markup. A scenario's plots are drawn while it
// is unfolded, and again when the reader's colour scheme changes. Beside each plot are its figures
// in a table, for those who cannot see it. The root element says data-ready="true" when all that
// is unfolded has been drawn.
'use strict';

(() => {
const run = JSON.parse(document.getElementById('run').textContent);

// ---- elements and tables

// el('p', {class: 'kicker'}, 'text', el('b', {}, 'more')): an element; null children are left out.
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.flat().filter((child) => child !== null));
  return made;
}

// A table that scrolls by itself where the screen is too narrow. `rows`: lists of cells, the first
// of which is the row's head.
function table(label, head, rows, {wide = false, tall = false, kind = null} = {}) {
  const row = (cells) => el('tr', {}, cells.map((cell, i) =>
    i === 0 ? el('th', {scope: 'row'}, cell) : el('td', {}, cell)));
  const scroll = tall ? 'scroll tall' : 'scroll';
  return el('div', {class: scroll, role: 'region', 'aria-label': label, tabindex: 0},
    el('table', {class: [wide ? 'wide' : null, kind].filter(Boolean).join(' ') || null},
      el('thead', {}, el('tr', {}, head.map((cell) => el('th', {scope: 'col'}, cell)))),
      el('tbody', {}, rows.map(row))));
}

const swatch = (series) => el('span', {class: 'swatch', style: `--colour: var(${series})`});

// The figures of a plot as a table, made when somebody asks for it.
function figures(label, head, rows) {
  const folded = el('details', {class: 'figures'}, el('summary', {}, 'Figures as a table'));
  folded.addEventListener('toggle', () => {
    if (folded.open && folded.children.length === 1) {
      folded.append(table(label, head, rows(), {tall: true}));
    }
  });
  return folded;
}

// ---- figures as people read them

const grouped = new Intl.NumberFormat('en');

// 1234567 -> "1.23 M", with three digits that count.
function scaled(number, units, step) {
  let unit = 0;
  while (Math.abs(number) >= step && unit + 1 < units.length) {
    number /= step;
    ++unit;
  }
  const before_point = Math.max(1, Math.floor(Math.log10(Math.abs(number) || 1)) + 1);
  return `${Number(number.toFixed(Math.max(0, 3 - before_point)))}\u00a0${units[unit]}`.trimEnd();
}
const count = (number) => grouped.format(number);
const short = (number) => scaled(number, ['', 'k', 'M', 'G'], 1000);
const rate = (number) => `${short(number)}/s`;
const time = (ns) => scaled(ns, ['ns', 'µs', 'ms', 's'], 1000);
const size = (bytes) => scaled(bytes, ['B', 'KiB', 'MiB', 'GiB', 'TiB'], 1024);
const seconds = (s) => `${s < 10 ? Number(s.toFixed(2)) : grouped.format(Math.round(s))}\u00a0s`;
const plural = (n, one, many = one + 's') => `${count(n)} ${n === 1 ? one : many}`;
const signed = (share) => `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(1)}\u00a0%`;

const sum = (numbers) => numbers.reduce((total, n) => total + n, 0);
const most = (numbers) => numbers.reduce((best, n) => Math.max(best, n), 0);

// ---- colours and what all plots share

const calls_in_order = ['read', 'insert', 'overwrite', 'erase', 'walk', 'batch', 'transaction'];
const series_of = (call) => `--series-${calls_in_order.indexOf(call) + 1}`;

const dark = matchMedia('(prefers-color-scheme: dark)');

// The style sheet's colour of that name, for now: `colour('--rule')` is '#rrggbb'.
const colours = new Map();
function colour(name) {
  if (!colours.has(name)) {
    colours.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
  }
  return colours.get(name);
}
// '#rrggbb' seen through.
const faint = (hex, opacity) => hex + Math.round(opacity * 255).toString(16).padStart(2, '0');

function take_colours() {
  colours.clear();
  Chart.defaults.color = colour('--quiet');
  Chart.defaults.borderColor = colour('--rule');
  Chart.defaults.plugins.tooltip.backgroundColor = colour('--ink');
  Chart.defaults.plugins.tooltip.titleColor = colour('--page');
  Chart.defaults.plugins.tooltip.bodyColor = colour('--page');
}

function set_defaults() {
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = 12;
  Chart.defaults.animation = false;
  Chart.defaults.maintainAspectRatio = false;
  Chart.defaults.interaction.mode = 'index';
  Chart.defaults.interaction.intersect = false;
  Chart.defaults.elements.point.radius = 0;
  Chart.defaults.elements.point.hitRadius = 6;
  Chart.defaults.elements.line.borderWidth = 1.75;
  Chart.defaults.elements.line.borderJoinStyle = 'round';
  Chart.defaults.plugins.legend.position = 'top';
  Chart.defaults.plugins.legend.align = 'start';
  Object.assign(Chart.defaults.plugins.legend.labels, {boxWidth: 12, boxHeight: 12, padding: 14});
  Object.assign(Chart.defaults.plugins.tooltip, {padding: 10, cornerRadius: 6, boxPadding: 4});
}

// Scales. `text` makes a tick's label of its value.
const titled = (text) => ({display: true, text, font: {size: 12}});
function linear(title, text, more = {}) {
  return {
    type: 'linear', beginAtZero: true, title: titled(title),
    grid: {drawTicks: false, drawBorder: false}, ...more,
    ticks: {callback: (value) => text(value), maxTicksLimit: 6, padding: 6, ...more.ticks},
  };
}
function logarithmic(title, text, more = {}) {
  const decade = (value) => Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;
  return {
    type: 'logarithmic', title: titled(title), ...more,
    grid: {
      drawTicks: false, drawBorder: false,
      color: (at) => at.tick && decade(at.tick.value) ? colour('--rule') : 'transparent',
    },
    ticks: {
      callback: (value) => decade(value) ? text(value) : null, autoSkip: false, maxRotation: 0,
      padding: 6,
    },
  };
}

// ---- plots

// A plot and its table. `config`: makes Chart.js's configuration, in the colours of now.
function plot({title, caption, label, config, high = false, whole = false}, ...beside) {
  const canvas = el('canvas', {role: 'img', 'aria-label': label});
  const made = el('figure', {class: whole ? 'plot whole' : 'plot'},
    el('figcaption', {}, el('h3', {}, title), el('p', {}, caption)),
    el('div', {class: high ? 'canvas high' : 'canvas'}, canvas), ...beside);
  return {element: made, canvas, config, chart: null};
}

function draw(drawn) {
  drawn.chart?.destroy();
  drawn.chart = new Chart(drawn.canvas, drawn.config());
}
function erase(drawn) {
  drawn.chart?.destroy();
  drawn.chart = null;
}

// ---- how long calls took

const bins_a_decade = 20;  // the run's hundred are more than the eye wants

// [nanoseconds, calls] of each bin from the first that is not empty to the last.
function coarse_bins(bins) {
  const calls = new Map();
  for (const [from, to, n] of bins) {
    const bin = Math.floor(bins_a_decade * Math.log10(Math.sqrt(from * to)));
    calls.set(bin, (calls.get(bin) ?? 0) + n);
  }
  const kept = [...calls.keys()];
  const points = [];
  for (let bin = Math.min(...kept); bin <= Math.max(...kept); ++bin) {
    points.push({x: 10 ** ((bin + .5) / bins_a_decade), y: calls.get(bin) ?? null});
  }
  return points;
}

function latency_table(scenario) {
  const shares = Object.keys(scenario.all_calls.percentiles_ns);
  const name = (calls) => [swatch(series_of(calls.call)), calls.call];
  return table(`Latency of ${scenario.name} by operation`,
    ['Operation', 'Calls', ...shares.map((share) => `p${share}`), 'Max'],
    scenario.calls.map((calls) => [name(calls), count(calls.count),
      ...shares.map((share) => time(calls.percentiles_ns[share])), time(calls.worst_ns)]),
    {wide: true});
}

function latency_plot(scenario) {
  const slowest = scenario.all_calls.worst_ns;
  const half = scenario.all_calls.percentiles_ns['50'];
  return plot({
    title: 'Latency by operation',
    caption: 'How many calls took how long. Both axes are logarithmic: the tail at the right is rare, and is what users feel.',
    label: `Histogram of latencies of ${scenario.calls.map((c) => c.call).join(', ')}: half of all calls within ${time(half)}, the slowest ${time(slowest)}. The table below has the percentiles.`,
    whole: true,
    config: () => ({
      type: 'line',
      data: {datasets: scenario.calls.map((calls) => {
        const hue = colour(series_of(calls.call));
        return {
          label: calls.call, data: coarse_bins(calls.bins), borderColor: hue,
          backgroundColor: faint(hue, .12), fill: 'start', stepped: 'middle', spanGaps: true,
          pointRadius: calls.bins.length < 3 ? 3 : 0,
        };
      })},
      options: {
        parsing: false,
        interaction: {mode: 'nearest', axis: 'x', intersect: false},
        scales: {
          x: logarithmic('Time of a call', time),
          y: logarithmic('Calls', short, {min: .7}),
        },
        plugins: {tooltip: {callbacks: {
          title: (items) => items.length > 0 ? `about ${time(items[0].parsed.x)}` : '',
          label: (item) => `${item.dataset.label}: ${plural(item.parsed.y, 'call')}`,
        }}},
      },
    }),
  }, latency_table(scenario));
}

// ---- how it went

// What happened between two looks, from the counts at each. The last look comes when the scenario
// ends, perhaps too soon after the one before to tell a rate: then both are one.
function intervals(line) {
  const since = (counts, i) => Math.max(0, counts[i] - (i > 0 ? counts[i - 1] : 0));
  const found = line.seconds.map((to, i) => ({
    from: i > 0 ? line.seconds[i - 1] : 0,
    to,
    operations: since(line.operations, i),
    pause: line.worst_pause_ns[i],
    doubled: since(line.growths_double, i),
    same_size: since(line.growths_same_size, i),
    in_flight: line.growths_in_flight[i],
  }));
  const [before, last] = found.slice(-2);
  if (last && last.to - last.from < (before.to - before.from) / 4) {
    found.splice(-2, 2, {
      from: before.from,
      to: last.to,
      operations: before.operations + last.operations,
      pause: Math.max(before.pause, last.pause),
      doubled: before.doubled + last.doubled,
      same_size: before.same_size + last.same_size,
      in_flight: Math.max(before.in_flight, last.in_flight),
    });
  }
  return found.map((i) => ({...i, rate: i.operations / Math.max(i.to - i.from, 1e-9)}));
}

// A stepped line that has an interval's value all over it.
function steps(all, value) {
  return all.length === 0 ? [] : [{x: all[0].from, y: value(all[0])},
    ...all.map((interval) => ({x: interval.to, y: value(interval)}))];
}

// A Chart.js plugin that draws a line for each growth, spread over the interval in which it was
// seen; through all panels. Where there are more than the eye can tell apart, fewer.
function growth_lines(all) {
  const closest = 3;  // pixels
  return {
    id: 'growth_lines',
    beforeDatasetsDraw({ctx, chartArea, scales}) {
      ctx.save();
      ctx.lineWidth = 1;
      for (const interval of all) {
        const left = scales.x.getPixelForValue(interval.from);
        const width = scales.x.getPixelForValue(interval.to) - left;
        const growths = interval.doubled + interval.same_size;
        const lines = Math.min(growths, Math.max(1, Math.floor(width / closest)));
        for (let n = 0; n < lines; ++n) {
          const same_size = n >= lines * interval.doubled / growths;
          const x = Math.round(left + width * (n + .5) / lines) + .5;
          ctx.strokeStyle = faint(colour(same_size ? '--series-4' : '--series-2'), .4);
          ctx.beginPath();
          ctx.moveTo(x, chartArea.top);
          ctx.lineTo(x, chartArea.bottom);
          ctx.stroke();
        }
      }
      ctx.restore();
    },
  };
}

function timeline_plot(scenario) {
  const all = intervals(scenario.timeline);
  const growths = `${plural(sum(all.map((i) => i.doubled)), 'growth')} to twice the size and ${plural(sum(all.map((i) => i.same_size)), 'growth')} at the same size`;
  const stepped = (label, y, series, value, more = {}) => ({
    label, yAxisID: y, data: steps(all, value), stepped: 'after', borderColor: colour(series),
    backgroundColor: faint(colour(series), .15), ...more,
  });
  const panel = (weight) => ({stack: 'panels', stackWeight: weight});
  return plot({
    title: 'Throughput, pauses and growth',
    caption: `Above, operations a second; in the middle the slowest call of each interval; below, growths. Each growth is a line through all three: ${growths}.`,
    label: `Timeline of ${seconds(scenario.seconds)}: ${rate(most(all.map((i) => i.rate)))} at best, worst pause ${time(most(all.map((i) => i.pause)))}, ${growths}.`,
    whole: true,
    high: true,
    config: () => ({
      type: 'line',
      data: {datasets: [
        stepped('Growth to twice the size', 'y_growths', '--series-2', (i) => i.doubled, {fill: 'origin'}),
        stepped('Growth at the same size', 'y_growths', '--series-4', (i) => i.same_size, {fill: 'origin'}),
        stepped('Worst pause', 'y_pause', '--series-3', (i) => i.pause || null),
        stepped('Operations', 'y_rate', '--series-1', (i) => i.rate, {fill: 'origin'}),
      ]},
      plugins: [growth_lines(all)],
      options: {
        parsing: false,
        scales: {
          x: linear('Seconds since the start', (value) => `${value}`,
            {max: all.at(-1).to, grid: {display: false, drawBorder: false}, ticks: {maxTicksLimit: 11, maxRotation: 0}}),
          y_growths: linear('Growths', short, {...panel(2), ticks: {maxTicksLimit: 3, precision: 0}}),
          y_pause: logarithmic('Worst pause', time, panel(3)),
          y_rate: linear('Operations/s', short, panel(4)),
        },
        plugins: {
          legend: {reverse: true},
          tooltip: {callbacks: {
            title: (items) => items.length > 0 ? `until ${seconds(items[0].parsed.x)}` : '',
            label: ({dataset, parsed}) => `${dataset.label}: ${
              dataset.yAxisID === 'y_rate' ? rate(parsed.y) : dataset.yAxisID === 'y_pause' ? time(parsed.y) : count(parsed.y)}`,
          }},
        },
      },
    }),
  }, figures(`Timeline of ${scenario.name}`,
    ['Until', 'Operations/s', 'Worst pause', 'Growths to twice the size', 'at the same size', 'in flight'],
    () => all.map((i) => [seconds(i.to), rate(i.rate), time(i.pause), count(i.doubled), count(i.same_size), count(i.in_flight)])));
}

// ---- memory

function memory_plot(scenario) {
  const line = scenario.timeline;
  const kinds = [
    ['Resident, whole process', line.resident_bytes, '--series-7', {}],
    ['Reserved by the map', line.reserved_bytes, '--series-1', {}],
    ['Payload', line.payload_bytes, '--series-3', {fill: 'origin'}],
  ];
  const highest = most(kinds.flatMap(([, bytes]) => bytes));
  const [unit, bytes_a_unit] = highest < 2 ** 30 ? ['MiB', 2 ** 20] : ['GiB', 2 ** 30];
  const peaks = kinds.map(([name, bytes]) => `${name.toLowerCase()} ${size(most(bytes))}`).join(', ');
  const fullest = line.payload_bytes.indexOf(most(line.payload_bytes));
  const dearth = line.payload_bytes[fullest] > 0
    ? ` When the payload was largest, the map had reserved ${(line.reserved_bytes[fullest] / line.payload_bytes[fullest]).toFixed(2)} times as much.` : '';
  return plot({
    title: 'Memory',
    caption: `What the entries alone take, what the map has reserved for them, and what the whole process holds.${dearth}`,
    label: `Memory over time. At most: ${peaks}.`,
    whole: true,
    config: () => ({
      type: 'line',
      data: {datasets: kinds.map(([label, bytes, series, more]) => ({
        label, data: bytes.map((b, i) => ({x: line.seconds[i], y: b / bytes_a_unit})),
        borderColor: colour(series), backgroundColor: faint(colour(series), .2),
        pointRadius: bytes.length < 3 ? 3 : 0, ...more,
      }))},
      options: {
        parsing: false,
        scales: {
          x: linear('Seconds since the start', (value) => `${value}`,
            {max: line.seconds.at(-1), grid: {display: false, drawBorder: false}, ticks: {maxTicksLimit: 11, maxRotation: 0}}),
          y: linear(unit, (value) => grouped.format(value)),
        },
        plugins: {tooltip: {callbacks: {
          title: (items) => items.length > 0 ? `at ${seconds(items[0].parsed.x)}` : '',
          label: (item) => `${item.dataset.label}: ${size(item.parsed.y * bytes_a_unit)}`,
        }}},
      },
    }),
  }, figures(`Memory of ${scenario.name}`, ['At', 'Entries', 'Payload', 'Reserved', 'Resident'],
    () => line.seconds.map((at, i) => [seconds(at), count(line.entries[i]), size(line.payload_bytes[i]),
      size(line.reserved_bytes[i]), size(line.resident_bytes[i])])));
}

// ---- where the entries lie

const slots = 8;  // of a bucket; what is beyond them lies in a chain

function occupancy_plot(scenario) {
  const {occupancy, entries, buckets} = scenario.layout;
  const astray = sum(occupancy.map((row) => Math.abs(row.buckets - row.poisson))) / 2 / buckets;
  const chained = sum(occupancy.filter((row) => row.entries > slots).map((row) => row.buckets));
  return plot({
    title: 'Buckets beside the Poisson law',
    caption: `How many buckets hold how many entries, and how many would if a hash threw entries at random: ${(100 * astray).toFixed(1)}\u00a0% of the buckets are elsewhere than the law has them. Beyond ${slots} entries a bucket has a chain: ${plural(chained, 'bucket')} of ${count(buckets)}.`,
    label: `Bucket occupancy: ${plural(entries, 'entry', 'entries')} in ${plural(buckets, 'bucket')}, ${(entries / buckets).toFixed(2)} each; ${(100 * astray).toFixed(1)} % of the buckets differ from the Poisson law.`,
    config: () => ({
      data: {
        labels: occupancy.map((row) => row.entries),
        datasets: [
          {type: 'line', label: 'Poisson law', data: occupancy.map((row) => row.poisson),
            borderColor: colour('--ink'), backgroundColor: colour('--ink'), pointRadius: 2.5, borderWidth: 1.25},
          {type: 'bar', label: 'Buckets', data: occupancy.map((row) => row.buckets), categoryPercentage: .94, barPercentage: 1,
            backgroundColor: occupancy.map((row) => colour(row.entries > slots ? '--series-2' : '--series-1'))},
        ],
      },
      options: {
        scales: {
          x: {title: titled('Entries in a bucket'), grid: {display: false, drawBorder: false}, ticks: {maxRotation: 0}},
          y: linear('Buckets', short),
        },
        plugins: {tooltip: {callbacks: {
          title: (items) => items.length > 0 ? plural(Number(items[0].label), 'entry', 'entries') : '',
          label: (item) => `${item.dataset.label}: ${count(Math.round(item.parsed.y))}`,
        }}},
      },
    }),
  }, figures(`Bucket occupancy of ${scenario.name}`, ['Entries', 'Buckets', 'Poisson law'],
    () => occupancy.map((row) => [count(row.entries), count(row.buckets), row.poisson.toFixed(1)])));
}

function shards_plot(scenario) {
  const shards = scenario.layout.shards;
  const alone = shards.shards_a_bar === 1;
  const name = (i) => alone ? `${i}` : `${i * shards.shards_a_bar}–${Math.min(shards.count, (i + 1) * shards.shards_a_bar) - 1}`;
  const mean = scenario.layout.entries / shards.count;
  const spread = mean > 0
    ? `The fullest has ${signed(shards.most_entries / mean - 1)}, the emptiest ${signed(shards.least_entries / mean - 1)} of the mean of ${short(Math.round(mean))}.` : 'All are empty.';
  return plot({
    title: 'Balance of the shards',
    caption: `Entries in each of ${plural(shards.count, 'shard')}${alone ? '' : `, ${shards.shards_a_bar} to a bar`}. ${spread}`,
    label: `Entries in each of ${plural(shards.count, 'shard')}. ${spread}`,
    config: () => ({
      data: {
        labels: shards.most_entries_by_bar.map((_, i) => name(i)),
        datasets: [
          {type: 'line', label: 'Mean', data: shards.most_entries_by_bar.map(() => mean),
            borderColor: colour('--ink'), backgroundColor: colour('--ink'), borderWidth: 1.25, borderDash: [5, 4]},
          ...(alone ? [] : [{type: 'bar', label: 'Fullest of the bar', data: shards.most_entries_by_bar,
            backgroundColor: faint(colour('--series-6'), .45)}]),
          {type: 'bar', label: alone ? 'Entries' : 'Emptiest of the bar', data: shards.least_entries_by_bar,
            backgroundColor: colour('--series-6')},
        ].map((set) => ({grouped: false, categoryPercentage: shards.most_entries_by_bar.length > 64 ? 1 : .94, barPercentage: 1, ...set})),
      },
      options: {
        scales: {
          x: {title: titled(alone ? 'Shard' : 'Shards'), grid: {display: false, drawBorder: false}, ticks: {maxRotation: 0, autoSkipPadding: 12}},
          y: linear('Entries', short),
        },
        plugins: {tooltip: {callbacks: {
          title: (items) => items.length > 0 ? `Shard ${items[0].label}` : '',
          label: (item) => `${item.dataset.label}: ${count(Math.round(item.parsed.y))}`,
        }}},
      },
    }),
  }, figures(`Entries of each shard of ${scenario.name}`,
    alone ? ['Shard', 'Entries', 'Buckets'] : ['Shards', 'Fewest entries', 'Most entries', 'Buckets in all'],
    () => shards.most_entries_by_bar.map((entries, i) => [name(i),
      ...(alone ? [] : [count(shards.least_entries_by_bar[i])]), count(entries), count(shards.buckets_by_bar[i])])));
}

// ---- scenarios

function outcome_of(scenario) {
  if (!scenario.verified) return ['bad', '✗ wrong'];
  return scenario.interrupted ? ['halted', '◐ interrupted'] : ['good', '✓ verified'];
}

function findings(scenario) {
  if (scenario.verified) return null;
  const unnamed = scenario.findings_in_all - scenario.findings.length;
  return el('div', {class: 'findings'}, el('h3', {}, 'What is wrong'),
    el('ul', {}, scenario.findings.map((finding) => el('li', {}, finding)),
      unnamed > 0 ? el('li', {}, `and ${count(unnamed)} more`) : null));
}

function notes(scenario) {
  if (scenario.notes.length === 0) return null;
  return el('dl', {class: 'notes'}, scenario.notes.map(({name, value}) =>
    el('div', {}, el('dt', {}, name), el('dd', {}, value))));
}

const growths_of = (scenario) => scenario.growths_double + scenario.growths_same_size;

function plots_of(scenario) {
  const timed = scenario.timeline.seconds.length > 0;
  return [
    scenario.calls.length > 0 ? latency_plot(scenario) : null,
    timed ? timeline_plot(scenario) : null,
    timed ? memory_plot(scenario) : null,
    scenario.layout ? occupancy_plot(scenario) : null,
    scenario.layout ? shards_plot(scenario) : null,
  ].filter((made) => made !== null);
}

// A scenario's section: {element, plots, name}.
function section(scenario) {
  const [kind, outcome] = outcome_of(scenario);
  const plots = plots_of(scenario);
  const figures_in_short = `${plural(scenario.operations, 'operation')} in ${seconds(scenario.seconds)} (${rate(scenario.operations / scenario.seconds)}); ${plural(growths_of(scenario), 'growth')}, ${count(scenario.growths_same_size)} of them at the same size.`;
  const element = el('details', {class: 'scenario', id: scenario.name},
    el('summary', {}, el('h2', {}, scenario.name),
      el('span', {class: `outcome ${kind}`}, outcome),
      el('p', {class: 'question'}, scenario.question)),
    el('div', {class: 'body'}, findings(scenario), el('p', {}, figures_in_short), notes(scenario),
      el('div', {class: 'plots'}, plots.map((made) => made.element))));
  element.addEventListener('toggle', () => plots.forEach((made) => {
    if (!element.open) erase(made);
    else if (made.chart === null) draw(made);
  }));
  return {element, plots, name: scenario.name};
}

function unfold(shown) {
  shown.element.open = true;
  for (const made of shown.plots) if (made.chart === null) draw(made);
}

// ---- the head and the overview

function verdict() {
  const wrong = run.scenarios.filter((scenario) => !scenario.verified).length;
  const all = plural(run.scenarios.length, 'scenario');
  if (wrong > 0) return ['bad', `Wrong: ${count(wrong)} of ${all}`];
  if (run.interrupted) return ['halted', `Interrupted: nothing wrong so far in ${all}`];
  return ['good', `Verified: nothing wrong in ${all}`];
}

function head() {
  const [kind, words] = verdict();
  const started = new Date(run.started);
  const fact = (name, value) => el('div', {}, el('dt', {}, name), el('dd', {}, value));
  document.title = `${words.split(':')[0]} · gomap stress report`;
  document.getElementById('head').append(
    el('p', {class: 'kicker'}, `gomap ${run.build.version} stress report, `,
      el('time', {datetime: run.started}, started.toLocaleString('en', {dateStyle: 'long', timeStyle: 'short'}))),
    el('h1', {class: kind}, words),
    el('dl', {class: 'choices'},
      fact('Seed', run.seed), fact('Threads', count(run.threads)),
      fact('Shards a map', run.shards === 0 ? 'as the map thinks right' : count(run.shards)),
      fact('Time a scenario', seconds(run.seconds_each)), fact('Allocator', run.build.allocator),
      fact('Mutex', run.build.mutex), fact('Sanitizer', run.build.sanitizer), fact('Compiler', run.build.compiler)),
    el('h2', {class: 'kicker', id: 'again'}, 'To run the same choices again'),
    el('pre', {class: 'command', 'aria-labelledby': 'again'}, el('code', {}, run.command)));
}

function overview(sections) {
  const row = (scenario) => {
    const [kind, outcome] = outcome_of(scenario);
    const {percentiles_ns: within, worst_ns, count: timed} = scenario.all_calls;
    const if_timed = (ns) => timed > 0 ? time(ns) : '–';
    return [el('a', {href: `#${scenario.name}`}, scenario.name), el('span', {class: kind}, outcome),
      seconds(scenario.seconds), count(scenario.operations), rate(scenario.operations / scenario.seconds),
      count(growths_of(scenario)), count(scenario.growths_same_size),
      if_timed(within['50']), if_timed(within['99.9']), if_timed(worst_ns),
      size(most(scenario.timeline.resident_bytes))];
  };
  const unfold_all = el('button', {type: 'button', class: 'unfold'}, 'Unfold all scenarios');
  unfold_all.addEventListener('click', () => sections.forEach(unfold));
  document.getElementById('overview').append(table('Overview of all scenarios',
    ['Scenario', 'Result', 'Time', 'Operations', 'Rate', 'Growths', 'same size', 'p50', 'p99.9', 'Max', 'Peak memory'],
    run.scenarios.map(row), {wide: true, kind: 'overview'}), unfold_all);
}

// Links lead into sections that may be folded.
function unfold_target(sections) {
  const target = sections.find(({name}) => name === decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  unfold(target);
  target.element.scrollIntoView();
}

// ---- all of it

take_colours();
set_defaults();
head();
const sections = run.scenarios.map(section);
overview(sections);
document.getElementById('scenarios').append(...sections.map(({element}) => element));

const few = 3;  // scenarios that need no folding
sections.filter((_, i) => sections.length <= few || !run.scenarios[i].verified).forEach(unfold);
unfold_target(sections);
addEventListener('hashchange', () => unfold_target(sections));
addEventListener('beforeprint', () => sections.forEach(unfold));
dark.addEventListener('change', () => {
  take_colours();
  sections.flatMap(({plots}) => plots).filter(({chart}) => chart !== null).forEach(draw);
});
document.documentElement.dataset.ready = 'true';
})();
