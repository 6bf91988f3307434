// plots.js -- the plots of a scenario, by Chart.js, each with its figures in a table for those
// who cannot see it. Colours are those of the style sheet, for the reader's scheme of now.

// ---- colours

const call_kinds = ['read', 'insert', 'overwrite', 'erase', 'walk', 'batch', 'transaction'];
const series_of = (call) => `--series-${call_kinds.indexOf(call) + 1}`;

// colour('--rule') is '#rrggbb'.
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
  Object.assign(Chart.defaults.plugins.tooltip, {
    backgroundColor: colour('--ink'), titleColor: colour('--page'), bodyColor: colour('--page'),
  });
}

// ---- what all plots share

function set_defaults() {
  const {defaults} = Chart;
  defaults.font.family = getComputedStyle(document.body).fontFamily;
  defaults.font.size = 12;
  defaults.animation = false;
  defaults.maintainAspectRatio = false;
  Object.assign(defaults.interaction, {mode: 'index', intersect: false});
  Object.assign(defaults.elements.point, {radius: 0, hitRadius: 6});
  Object.assign(defaults.elements.line, {borderWidth: 1.75, borderJoinStyle: 'round'});
  Object.assign(defaults.plugins.legend, {position: 'top', align: 'start'});
  Object.assign(defaults.plugins.legend.labels,
    {usePointStyle: true, boxWidth: 10, boxHeight: 8, padding: 14});
  Object.assign(defaults.plugins.tooltip,
    {padding: 10, cornerRadius: 6, boxPadding: 6, usePointStyle: true});
}

// Scales. `text` makes a tick's label of its value.
const titled = (text) => ({display: true, text});
function linear(title, text, {grid, ticks, ...more} = {}) {
  return {
    type: 'linear', beginAtZero: true, title: titled(title),
    grid: {drawTicks: false, drawBorder: false, ...grid},
    ticks: {callback: (value) => text(value), maxTicksLimit: 6, padding: 6, ...ticks},
    ...more,
  };
}
function only_decades(axis) {
  const decades = axis.ticks.filter(({value}) => Math.abs(Math.log10(value) % 1) < 1e-9);
  if (decades.length > 0) axis.ticks = decades;
}
function logarithmic(title, text, more = {}) {
  return {
    type: 'logarithmic', title: titled(title), grid: {drawTicks: false, drawBorder: false},
    ticks: {callback: (value) => text(value), maxRotation: 0, autoSkipPadding: 10, padding: 6},
    afterBuildTicks: only_decades,
    ...more,
  };
}
// The time axis of a scenario that ended then.
const since_start = (end) => linear('Seconds since the start', (value) => `${value}`, {
  max: end,
  grid: {display: false},
  ticks: {maxTicksLimit: 11, maxRotation: 0, includeBounds: false},
});
const categories = (title) => ({
  title: titled(title),
  grid: {display: false, drawBorder: false},
  ticks: {maxRotation: 0, autoSkipPadding: 12},
});

// A line with what is below it filled, unless that is seen through altogether.
const outlined = (series, opacity) => ({
  borderColor: colour(series),
  backgroundColor: faint(colour(series), opacity),
  fill: opacity > 0 ? 'origin' : false,
  pointStyle: opacity > 0 ? 'rect' : 'line',
});
const bars = {type: 'bar', grouped: false, barPercentage: 1, pointStyle: 'rect'};
// A line that says how it ought to be.
const expectation = () => ({
  type: 'line', pointStyle: 'line', borderColor: colour('--ink'), borderWidth: 1.25,
  backgroundColor: colour('--ink'),
});

// A tooltip whose title is made of its first point, and each of whose lines of a point.
const tooltip = (title, text) => ({callbacks: {
  title: ([first]) => first === undefined ? '' : title(first),
  label: (point) => `${point.dataset.label}: ${text(point)}`,
}});

// A plot: {element, canvas, config, chart}. `config` makes Chart.js's configuration; `chart` is
// null while it is not drawn. `beside`: its table.
function plot({title, caption, label, config, kind = ''}, beside) {
  const canvas = el('canvas', {role: 'img', 'aria-label': label});
  const element = el('figure', {class: `plot ${kind}`},
    el('figcaption', {}, el('h3', {}, title), el('p', {}, caption)),
    el('div', {class: 'canvas'}, canvas), beside);
  return {element, canvas, config, chart: null};
}

function draw(made) {
  made.chart?.destroy();
  made.chart = new Chart(made.canvas, made.config());
}
function erase(made) {
  made.chart?.destroy();
  made.chart = null;
}

// ---- how long calls took

const bins_a_decade = 20;  // the run's hundred are more than the eye wants
const no_calls = .5;       // where a bin without calls lies on a logarithmic axis

// A point for each bin from the first that is not empty to the last, and an empty one either side.
function coarse_bins(bins) {
  const calls = new Map();
  for (const [from, to, n] of bins) {
    const bin = Math.floor(bins_a_decade * Math.log10(Math.sqrt(from * to)));
    calls.set(bin, (calls.get(bin) ?? 0) + n);
  }
  const points = [];
  const [first, last] = [Math.min(...calls.keys()), Math.max(...calls.keys())];
  for (let bin = first - 1; bin <= last + 1; ++bin) {
    points.push({x: 10 ** ((bin + .5) / bins_a_decade), y: calls.get(bin) ?? no_calls});
  }
  return points;
}

function latency_table({name, calls, all_calls}) {
  const shares = Object.keys(all_calls.percentiles_ns);
  return table(`Latency of ${name} by operation`,
    ['Operation', 'Calls', ...shares.map((share) => `p${share}`), 'Max'],
    calls.map((of_kind) => [
      el('span', {}, swatch(series_of(of_kind.call)), of_kind.call), count(of_kind.count),
      ...shares.map((share) => time(of_kind.percentiles_ns[share])), time(of_kind.worst_ns),
    ]), 'wide');
}

function latency_plot(scenario) {
  const {calls, all_calls} = scenario;
  const kinds = calls.map(({call}) => call).join(', ');
  const half = time(all_calls.percentiles_ns['50']);
  return plot({
    title: 'Latency by operation',
    caption: 'How many calls took how long. Both axes are logarithmic, so that the rare slow ' +
      'ones at the right are seen.',
    label: `Histogram of latencies of ${kinds}: half of all calls took at most ${half}, the ` +
      `slowest ${time(all_calls.worst_ns)}. The percentiles are in the table that follows.`,
    kind: 'whole',
    config: () => ({
      type: 'line',
      data: {datasets: calls.map(({call, bins}) => ({
        label: call, data: coarse_bins(bins), stepped: 'middle', ...outlined(series_of(call), .1),
        fill: 'start',
      }))},
      options: {
        parsing: false,
        interaction: {mode: 'x'},
        scales: {
          x: logarithmic('Time of a call', time),
          y: logarithmic('Calls', short, {min: no_calls}),
        },
        plugins: {tooltip: {
          filter: ({parsed}) => parsed.y > no_calls,
          ...tooltip(({parsed}) => `about ${time(parsed.x)}`,
            ({parsed}) => plural(parsed.y, 'call')),
        }},
      },
    }),
  }, latency_table(scenario));
}

// ---- how it went

// What happened between two looks, from the counts at each. The last look comes when the scenario
// ends, perhaps too soon after the one before to tell a rate: then both are one.
function intervals(timeline) {
  const since = (counts, i) => Math.max(0, counts[i] - (i > 0 ? counts[i - 1] : 0));
  const found = timeline.seconds.map((to, i) => ({
    from: i > 0 ? timeline.seconds[i - 1] : 0,
    to,
    operations: since(timeline.operations, i),
    pause: timeline.worst_pause_ns[i],
    doubled: since(timeline.growths_double, i),
    same_size: since(timeline.growths_same_size, i),
    in_flight: timeline.growths_in_flight[i],
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

// A line that has an interval's value from its beginning to its end.
const steps = (all, value) => [{x: all[0].from, y: value(all[0])},
  ...all.map((interval) => ({x: interval.to, y: value(interval)}))];

// A Chart.js plugin that draws a line for each growth, through all panels, spread over the interval
// in which it was seen. Where there are more than the eye can tell apart, fewer, but of each kind.
function growth_lines(all) {
  const closest = 3;  // pixels
  const line_through = ({ctx, chartArea}, x, series) => {
    ctx.strokeStyle = faint(colour(series), .4);
    ctx.beginPath();
    ctx.moveTo(x, chartArea.top);
    ctx.lineTo(x, chartArea.bottom);
    ctx.stroke();
  };
  const lines_of = ({doubled, same_size}, width) => {
    const room = Math.max(1, width / closest);
    const share = Math.min(1, room / Math.max(1, doubled + same_size));
    return [...Array(Math.ceil(share * doubled)).fill('--series-2'),
      ...Array(Math.ceil(share * same_size)).fill('--series-4')];
  };
  return {
    id: 'growth_lines',
    beforeDatasetsDraw(chart) {
      const at = (moment) => chart.scales.x.getPixelForValue(moment);
      for (const interval of all) {
        const left = at(interval.from);
        const width = at(interval.to) - left;
        lines_of(interval, width).forEach((series, n, lines) =>
          line_through(chart, Math.round(left + width * (n + .5) / lines.length) + .5, series));
      }
    },
  };
}

// Three panels, one above the other, the first at the bottom. A label at the top of one would meet
// the label at the bottom of the next.
function timeline_scales(all) {
  const width = 72;  // pixels, for the longest label and the title
  const not_at_top = (axis) => {
    axis.ticks = axis.ticks.filter(({value}) => value < .9 * axis.max);
  };
  const panel = (weight) => ({
    axis: 'y',
    stack: 'panels',
    stackWeight: weight,
    afterBuildTicks: not_at_top,
    afterFit: (axis) => { axis.width = width; },
  });
  const pauses = all.map(({pause}) => pause).filter((pause) => pause > 0);
  const decade_below = (ns) => 10 ** Math.floor(Math.log10(ns));
  return {
    x: since_start(all.at(-1).to),
    growths: linear('Growths', short, {...panel(2), ticks: {maxTicksLimit: 4, precision: 0}}),
    pause: logarithmic('Worst pause', time, {
      ...panel(3),
      min: .7 * decade_below(pauses.length > 0 ? Math.min(...pauses) : 1000),
      max: 20 * decade_below(most(pauses) || 1000),
      afterBuildTicks: (axis) => { only_decades(axis); not_at_top(axis); },
    }),
    rate: linear('Operations/s', short, {...panel(4), grace: '5%'}),
  };
}

function timeline_plot({name, timeline, seconds: time_in_all}) {
  const all = intervals(timeline);
  const of_kind = (n, how) => `${plural(n, 'growth')} ${how}`;
  const growths = of_kind(sum(all.map(({doubled}) => doubled)), 'to twice the size') + ', ' +
    of_kind(sum(all.map(({same_size}) => same_size)), 'at the same size');
  const best = rate(most(all.map((interval) => interval.rate)));
  const worst = time(most(all.map(({pause}) => pause)));
  const line = (label, scale, series, value, opacity = 0) => ({
    label, yAxisID: scale, data: steps(all, value), stepped: 'after', ...outlined(series, opacity),
  });
  const text_of = {growths: count, pause: time, rate};
  return plot({
    title: 'Throughput, pauses and growth',
    caption: 'Above, operations a second; in the middle, the slowest call of each interval; ' +
      'below, growths by interval. A line through all three marks each growth, or several where ' +
      `they are too close: ${growths}.`,
    label: `Timeline of ${seconds(time_in_all)}: ${best} at best, worst pause ${worst}; ` +
      `${growths}.`,
    kind: 'whole high',
    config: () => ({
      type: 'line',
      data: {datasets: [
        line('Growths to twice the size', 'growths', '--series-2', ({doubled}) => doubled, .15),
        line('Growths at the same size', 'growths', '--series-4', ({same_size}) => same_size, .15),
        line('Worst pause', 'pause', '--series-3', ({pause}) => pause || null),
        line('Operations', 'rate', '--series-1', (interval) => interval.rate, .15),
      ]},
      plugins: [growth_lines(all)],
      options: {
        parsing: false,
        scales: timeline_scales(all),
        plugins: {
          legend: {reverse: true},
          tooltip: tooltip(({parsed}) => `until ${seconds(parsed.x)}`,
            ({dataset, parsed}) => text_of[dataset.yAxisID](parsed.y)),
        },
      },
    }),
  }, folded_table(`Timeline of ${name}`,
    ['Until', 'Operations/s', 'Worst pause', 'Growths to twice the size', 'at the same size',
      'in flight'],
    () => all.map((i) => [seconds(i.to), rate(i.rate), time(i.pause), count(i.doubled),
      count(i.same_size), count(i.in_flight)])));
}

// ---- memory

function memory_plot({name, timeline}) {
  const at = timeline.seconds;
  const {payload_bytes: payload, reserved_bytes: reserved, resident_bytes: resident} = timeline;
  const kinds = [
    ['Resident, whole process', resident, '--series-7', 0],
    ['Reserved by the map', reserved, '--series-1', 0],
    ['Payload', payload, '--series-3', .2],
  ];
  const unit = most(kinds.flatMap(([, bytes]) => bytes)) < 2 ** 30 ?
    {name: 'MiB', bytes: 2 ** 20} : {name: 'GiB', bytes: 2 ** 30};
  const peaks = kinds.map(([kind, bytes]) => `${kind.toLowerCase()} ${size(most(bytes))}`);
  const fullest = payload.indexOf(most(payload));
  const price = payload[fullest] > 0 ? ' When the entries took most, the map had reserved ' +
    `${(reserved[fullest] / payload[fullest]).toFixed(2)} times as much.` : '';
  return plot({
    title: 'Memory',
    caption: 'What the entries alone take, what the map has reserved for them, and what the ' +
      `whole process holds.${price}`,
    label: `Memory over time. At most: ${peaks.join(', ')}.`,
    kind: 'whole',
    config: () => ({
      type: 'line',
      data: {datasets: kinds.map(([label, bytes, series, opacity]) => ({
        label, data: bytes.map((b, i) => ({x: at[i], y: b / unit.bytes})),
        pointRadius: at.length < 3 ? 3 : 0, ...outlined(series, opacity),
      }))},
      options: {
        parsing: false,
        scales: {x: since_start(at.at(-1)), y: linear(unit.name, (value) => count(value))},
        plugins: {tooltip: tooltip(({parsed}) => `at ${seconds(parsed.x)}`,
          ({parsed}) => size(parsed.y * unit.bytes))},
      },
    }),
  }, folded_table(`Memory of ${name}`, ['At', 'Entries', 'Payload', 'Reserved', 'Resident'],
    () => at.map((moment, i) => [seconds(moment), count(timeline.entries[i]), size(payload[i]),
      size(reserved[i]), size(resident[i])])));
}

// ---- where the entries lie

const slots = 8;  // of a bucket; further entries make a chain

function occupancy_plot({name, layout}) {
  const {occupancy, entries, buckets} = layout;
  const off = sum(occupancy.map((row) => Math.abs(row.buckets - row.poisson))) / 2 / buckets;
  const has_chain = (row) => row.entries > slots;
  const chains = sum(occupancy.filter(has_chain).map((row) => row.buckets));
  const counted = (label, series, holds) => ({
    ...bars, label, data: occupancy.map((row) => holds(row) ? row.buckets : null),
    backgroundColor: colour(series), categoryPercentage: .94,
  });
  return plot({
    title: 'Buckets beside the Poisson law',
    caption: 'How many buckets hold how many entries, and how many would if entries fell into ' +
      `them at random. ${percent(off)} of the buckets are elsewhere than the law has them. One ` +
      `with more than ${slots} entries has a chain: ${count(chains)} of ` +
      `${plural(buckets, 'bucket')}.`,
    label: `Bucket occupancy: ${plural(entries, 'entry', 'entries')} in ` +
      `${plural(buckets, 'bucket')}, ${(entries / buckets).toFixed(2)} each; ${percent(off)} of ` +
      'the buckets are elsewhere than the Poisson law has them.',
    config: () => ({
      data: {
        labels: occupancy.map((row) => row.entries),
        datasets: [
          {...expectation(), label: 'Poisson law', data: occupancy.map((row) => row.poisson)},
          counted('Buckets', '--series-1', (row) => !has_chain(row)),
          counted('with a chain', '--series-2', has_chain),
        ],
      },
      options: {
        scales: {x: categories('Entries in a bucket'), y: linear('Buckets', short)},
        plugins: {tooltip: {
          filter: ({raw}) => raw !== null,
          ...tooltip(({label}) => plural(Number(label), 'entry', 'entries'),
            ({parsed}) => count(Math.round(parsed.y))),
        }},
      },
    }),
  }, folded_table(`Bucket occupancy of ${name}`, ['Entries', 'Buckets', 'Poisson law'],
    () => occupancy.map((row) =>
      [count(row.entries), count(row.buckets), row.poisson.toFixed(1)])));
}

function shards_plot({name, layout}) {
  const {shards, entries} = layout;
  const {shards_a_bar: together, most_entries_by_bar: fullest} = shards;
  const emptiest = shards.least_entries_by_bar;
  const last_of = (bar) => Math.min(shards.count, (bar + 1) * together) - 1;
  const name_of = (bar) => together === 1 ? `${bar}` : `${bar * together}–${last_of(bar)}`;
  const mean = entries / shards.count;
  const spread = mean > 0 ? `The fullest has ${signed(shards.most_entries / mean - 1)}, the ` +
    `emptiest ${signed(shards.least_entries / mean - 1)} of the mean, ${short(mean)}.` :
    'All are empty.';
  const what = `Entries in each of ${plural(shards.count, 'shard')}`;
  const counted = (label, data, opacity) => ({
    ...bars, label, data, backgroundColor: faint(colour('--series-6'), opacity),
    categoryPercentage: data.length > 64 ? 1 : .94,
  });
  return plot({
    title: 'Balance of the shards',
    caption: `${what}${together === 1 ? '' : `, ${together} to a bar`}. ${spread}`,
    label: `${what}. ${spread}`,
    config: () => ({
      data: {
        labels: fullest.map((_, bar) => name_of(bar)),
        datasets: [
          {...expectation(), label: 'Mean', data: fullest.map(() => mean), borderDash: [5, 4]},
          ...(together === 1 ? [counted('Entries', fullest, 1)] : [
            counted('Emptiest shard of the bar', emptiest, 1),
            counted('Fullest shard of the bar', fullest, .45),
          ]),
        ],
      },
      options: {
        scales: {x: categories(together === 1 ? 'Shard' : 'Shards'), y: linear('Entries', short)},
        plugins: {tooltip: tooltip(({label}) => `Shard ${label}`,
          ({parsed}) => count(Math.round(parsed.y)))},
      },
    }),
  }, folded_table(`Entries in each shard of ${name}`,
    ['Shard', 'Fewest entries', 'Most entries', 'Buckets'],
    () => fullest.map((entries_of, bar) => [name_of(bar), count(emptiest[bar]), count(entries_of),
      count(shards.buckets_by_bar[bar])])));
}
