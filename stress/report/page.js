// page.js -- puts the page of a run together: the head, the overview, and each scenario with its
// plots.
//
// A scenario's plots are drawn while it is unfolded, and again when the reader's colour scheme
// changes. The root element says data-ready="true" when all that is unfolded has been drawn.

const run = JSON.parse(document.getElementById('run').textContent);

// ---- scenarios

function outcome_of({verified, interrupted}) {
  if (!verified) return ['bad', '✗ wrong'];
  return interrupted ? ['halted', '◐ interrupted'] : ['good', '✓ verified'];
}
const rate_of = (scenario) => rate(scenario.operations / Math.max(scenario.seconds, 1e-9));
const growths_of = (scenario) => scenario.growths_double + scenario.growths_same_size;

function findings({verified, findings: told, findings_in_all: all}) {
  if (verified) return null;
  return el('div', {class: 'findings'}, el('h3', {}, 'What is wrong'),
    el('ul', {}, told.map((finding) => el('li', {}, finding)),
      all > told.length ? el('li', {}, `and ${count(all - told.length)} more`) : null));
}

function facts(kind, pairs) {
  return el('dl', {class: kind}, pairs.map(([name, value]) =>
    el('div', {}, el('dt', {}, name), el('dd', {}, value))));
}

function plots_of(scenario) {
  const looked_at = scenario.timeline.seconds.length > 0;
  return [
    ...(scenario.calls.length > 0 ? [latency_plot(scenario)] : []),
    ...(looked_at ? [timeline_plot(scenario), memory_plot(scenario)] : []),
    ...(scenario.layout ? [occupancy_plot(scenario), shards_plot(scenario)] : []),
  ];
}

// A scenario's section: {name, verified, element, plots}.
function section(scenario) {
  const {name, verified, question} = scenario;
  const [kind, outcome] = outcome_of(scenario);
  const plots = plots_of(scenario);
  const element = el('details', {class: 'scenario', id: name},
    el('summary', {}, el('h2', {}, name), el('span', {class: `outcome ${kind}`}, outcome),
      el('p', {class: 'question'}, question)),
    findings(scenario),
    facts('notes', [
      ['time', seconds(scenario.seconds)],
      ['operations', count(scenario.operations)],
      ['operations a second', short(scenario.operations / Math.max(scenario.seconds, 1e-9))],
      ['growths (at the same size)',
        `${count(growths_of(scenario))} (${count(scenario.growths_same_size)})`],
      ...scenario.notes.map((note) => [note.name, note.value]),
    ]),
    el('div', {class: 'plots'}, plots.map((made) => made.element)));
  element.addEventListener('toggle', () => {
    if (element.open) draw_all({plots});
    else plots.forEach(erase);
  });
  return {name, verified, element, plots};
}

function draw_all({plots}) {
  plots.filter(({chart}) => chart === null).forEach(draw);
}
function unfold(shown) {
  shown.element.open = true;
  draw_all(shown);
}

// ---- the head and the overview

function verdict() {
  const wrong = run.scenarios.filter(({verified}) => !verified).length;
  const all = plural(run.scenarios.length, 'scenario');
  if (wrong > 0) return ['bad', 'Wrong', `${count(wrong)} of ${all}`];
  if (run.interrupted) return ['halted', 'Interrupted', `nothing wrong so far in ${all}`];
  return ['good', 'Verified', `nothing wrong in ${all}`];
}

// The command in parts that are not broken where there is room: a flag and its value.
function command_parts() {
  return run.command.split(/ (?=--)/).flatMap((part, i) =>
    [...(i > 0 ? [' '] : []), el('span', {}, part)]);
}

function fill_head() {
  const [kind, word, words] = verdict();
  const {build} = run;
  const started = new Date(run.started).toLocaleString('en-GB',
    {dateStyle: 'long', timeStyle: 'short'});
  document.title = `${word}: gomap stress report`;
  document.getElementById('head').append(
    el('p', {class: 'kicker'}, `gomap ${build.version} stress report, `,
      el('time', {datetime: run.started}, started)),
    el('h1', {class: kind}, `${word}: ${words}`),
    facts('choices', [
      ['Seed', run.seed],
      ['Threads', count(run.threads)],
      ['Shards', run.shards === 0 ? 'the map’s choice' : count(run.shards)],
      ['Time a scenario', seconds(run.seconds_each)],
      ['Allocator', build.allocator],
      ['Mutex', build.mutex],
      ['Sanitizer', build.sanitizer],
      ['Compiler', build.compiler],
    ]),
    el('p', {class: 'kicker', id: 'again'}, 'To run with the same choices again'),
    el('pre', {class: 'command', 'aria-labelledby': 'again'}, el('code', {}, command_parts())));
}

function overview_row(scenario) {
  const {name, all_calls: {count: timed, percentiles_ns: within, worst_ns}, timeline} = scenario;
  const [kind, outcome] = outcome_of(scenario);
  const if_timed = (ns) => timed > 0 ? time(ns) : '–';
  return [el('a', {href: `#${name}`}, name), el('span', {class: kind}, outcome),
    seconds(scenario.seconds), count(scenario.operations), rate_of(scenario),
    `${count(growths_of(scenario))} (${count(scenario.growths_same_size)})`,
    if_timed(within['50']), if_timed(within['99.9']), if_timed(worst_ns),
    size(most(timeline.resident_bytes))];
}

function fill_overview(sections) {
  const unfold_all = el('button', {type: 'button', class: 'unfold'}, 'Unfold all scenarios');
  unfold_all.addEventListener('click', () => sections.forEach(unfold));
  document.getElementById('overview').append(
    table('Overview of all scenarios', ['Scenario', 'Result', 'Time', 'Operations', 'Rate',
      'Growths (same)', 'p50', 'p99.9', 'Max', 'Peak memory'],
      run.scenarios.map(overview_row), 'wide overview'),
    ...(sections.length > 1 ? [unfold_all] : []));
}

// Links lead into sections that may be folded.
function unfold_target(sections) {
  const target = sections.find(({name}) => location.hash === `#${name}`);
  if (target === undefined) return;
  unfold(target);
  target.element.scrollIntoView();
}

// ---- all of it

take_colours();
set_defaults();
fill_head();
const sections = run.scenarios.map(section);
fill_overview(sections);
document.getElementById('scenarios').append(...sections.map(({element}) => element));

const few = 3;  // so many need no folding
sections.filter(({verified}) => sections.length <= few || !verified).forEach(unfold);
unfold_target(sections);
addEventListener('hashchange', () => unfold_target(sections));
addEventListener('beforeprint', () => sections.forEach(unfold));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  take_colours();
  sections.flatMap(({plots}) => plots).filter(({chart}) => chart !== null).forEach(draw);
});
document.documentElement.dataset.ready = 'true';
