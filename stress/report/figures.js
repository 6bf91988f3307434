// figures.js -- elements, tables, and figures as people read them: what plots.js and page.js are
// made of.

// ---- elements and tables

// el('p', {class: 'kicker'}, 'text', el('b', {}, 'more')): an element. Attributes and children that
// are null are left out. Text goes in as text, never as markup.
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null));
  return made;
}

const swatch = (series) => el('span', {class: 'swatch', style: `--colour: var(${series})`});

// A table that scrolls by itself where the screen is too narrow. `rows`: lists of cells, the first
// of which is the row's head. `kind`: classes, of which "tall" limits its height.
function table(label, head, rows, kind = '') {
  const row = ([first, ...rest]) => el('tr', {}, el('th', {scope: 'row'}, first),
    rest.map((cell) => el('td', {}, cell)));
  return el('div', {class: `scroll ${kind}`, role: 'region', 'aria-label': label, tabindex: 0},
    el('table', {},
      el('thead', {}, el('tr', {}, head.map((cell) => el('th', {scope: 'col'}, cell)))),
      el('tbody', {}, rows.map(row))));
}

// The figures of a plot as a table. `rows`: makes them when somebody asks for it.
function folded_table(label, head, rows) {
  const folded = el('details', {class: 'figures'}, el('summary', {}, 'Figures as a table'));
  folded.addEventListener('toggle', () => {
    const empty = folded.children.length === 1;
    if (folded.open && empty) folded.append(table(label, head, rows(), 'tall'));
  });
  return folded;
}

// ---- figures as people read them

const space = '\u00a0';  // does not break
const grouped = new Intl.NumberFormat('en');

// Three digits that count: 1234567 -> "1.23 M".
function scaled(number, units, step) {
  let unit = 0;
  while (Math.abs(number) >= step && unit + 1 < units.length) {
    number /= step;
    ++unit;
  }
  const before_point = Math.floor(Math.log10(Math.max(1, Math.abs(number)))) + 1;
  const digits = Number(number.toFixed(Math.max(0, 3 - before_point)));
  return units[unit] === '' ? `${digits}` : `${digits}${space}${units[unit]}`;
}
const count = (number) => grouped.format(number);
const short = (number) => scaled(number, ['', 'k', 'M', 'G'], 1000);
const rate = (number) => `${short(number)}/s`;
const time = (ns) => scaled(ns, ['ns', 'µs', 'ms', 's'], 1000);
const size = (bytes) => scaled(bytes, ['B', 'KiB', 'MiB', 'GiB', 'TiB'], 1024);
const seconds = (s) =>
  (s < 100 ? `${Number(s.toPrecision(3))}` : count(Math.round(s))) + space + 's';
const percent = (share) => `${(100 * share).toFixed(1)}${space}%`;
const signed = (share) => (share < 0 ? '−' : '+') + percent(Math.abs(share));
const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

const sum = (numbers) => numbers.reduce((total, n) => total + n, 0);
const most = (numbers) => numbers.reduce((best, n) => Math.max(best, n), 0);
