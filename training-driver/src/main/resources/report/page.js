'use strict';
// All that is shown comes from the data and becomes text nodes; nothing here reads markup.
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const COLOURS = ['#2f6fde', '#d9731a', '#2d9d5c', '#9a55cf', '#c23b57', '#1c9bb0', '#8b7a1f', '#6b7686'];
  const SVG = 'http://www.w3.org/2000/svg';

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== undefined) made.setAttribute(name, value);
    }
    made.append(...children.filter(child => child !== null && child !== undefined));
    return made;
  }

  function drawn(tag, attributes, ...children) {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  const isNumber = value => typeof value === 'number';

  function figure(value) {
    if (!isNumber(value)) return String(value);
    if (Number.isInteger(value)) return value.toLocaleString('en');
    const size = Math.abs(value);
    return size >= 100 ? value.toFixed(1) : size >= 0.001 ? value.toPrecision(3) : value.toExponential(2);
  }

  const fixed = value => Math.abs(value) < 0.0005 ? '0.000' : value.toFixed(3);

  const percent = value => (100 * value).toFixed(1) + ' %';

  // ---- recipe, curves, tables

  function recipe() {
    const list = element('dl', {class: 'recipe card'});
    for (const {key, value} of data.recipe) {
      list.append(element('div', {}, element('dt', {}, key), element('dd', {}, value)));
    }
    const summary = element('summary', {}, `Recipe: ${data.recipe.length} values, as the run recorded them`);
    return element('section', {id: 'recipe', 'aria-label': 'Recipe'}, element('details', {}, summary, list));
  }

  function chart({stage, name, lines}) {
    const width = 300, height = 130, left = 44, right = 6, top = 8, bottom = 18;
    const all = lines.flatMap(line => line.values.filter(isNumber));
    const steps = lines.flatMap(line => line.steps);
    let low = Math.min(...all), high = Math.max(...all);
    if (low === high) { low = Math.min(0, 2 * low); high = Math.max(0, 2 * high) || 1; }
    const first = Math.min(...steps), last = Math.max(...steps);
    const x = step => left + (width - left - right) * (last === first ? 0.5 : (step - first) / (last - first));
    const y = value => top + (height - top - bottom) * (1 - (value - low) / (high - low));
    const said = lines.map(line => `${line.name} from ${figure(line.values[0])} to ${figure(line.values[line.values.length - 1])}`).join(', ');
    const picture = drawn('svg', {viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': `${stage}, ${name}: ${said}`});
    picture.append(drawn('path', {class: 'axis', d: `M${left},${top}V${height - bottom}H${width - right}`}));
    for (const value of [low, high]) picture.append(drawn('text', {x: left - 4, y: y(value) + 3, 'text-anchor': 'end'}, figure(value)));
    for (const step of new Set([first, last])) picture.append(drawn('text', {x: x(step), y: height - 5, 'text-anchor': step === first ? 'start' : 'end'}, String(step)));
    lines.forEach((line, i) => {
      const points = line.steps.map((step, k) => [step, line.values[k]]).filter(([, value]) => isNumber(value));
      const colour = COLOURS[i % COLOURS.length];
      picture.append(drawn('path', {class: 'line', stroke: colour, d: points.map(([s, v], k) => `${k ? 'L' : 'M'}${x(s).toFixed(1)},${y(v).toFixed(1)}`).join('')}));
      if (points.length <= 30) for (const [s, v] of points) picture.append(drawn('circle', {cx: x(s), cy: y(v), r: 2.2, fill: colour}));
    });
    const legend = element('p', {class: 'scale'});
    if (lines.length > 1) {
      lines.forEach((line, i) => {
        const swatch = drawn('svg', {viewBox: '0 0 10 10', width: 10, height: 10, 'aria-hidden': 'true'}, drawn('rect', {width: 10, height: 10, rx: 2, fill: COLOURS[i % COLOURS.length]}));
        swatch.style.width = swatch.style.height = '10px';
        legend.append(swatch, element('span', {}, line.name));
      });
    }
    return element('div', {class: 'chart card'}, element('h3', {}, element('span', {}, stage + ' · '), name), picture, lines.length > 1 ? legend : null);
  }

  function curves() {
    const charts = element('div', {class: 'charts'}, ...data.charts.filter(c => c.lines.some(l => l.values.some(isNumber))).map(chart));
    return element('section', {id: 'curves'}, element('h2', {}, 'Curves'), element('p', {class: 'note'}, 'By step of the stage.'),
      data.charts.length ? charts : element('p', {class: 'note'}, 'No training step is in the tables.'));
  }

  function interval({low, rate, high}) {
    const bar = drawn('svg', {viewBox: '0 0 110 12', 'aria-hidden': 'true'}, drawn('path', {class: 'axis', d: 'M0,6H110'}),
      drawn('rect', {x: 110 * low, y: 3, width: Math.max(1, 110 * (high - low)), height: 6, rx: 2, fill: COLOURS[0], 'fill-opacity': 0.35}),
      drawn('circle', {cx: 110 * rate, cy: 6, r: 3, fill: COLOURS[0]}));
    return element('span', {class: 'interval'}, bar, `${percent(rate)} (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`);
  }

  function cell(value, numeric) {
    if (value === null) return element('td', {class: numeric ? 'null number' : 'null'}, 'none');
    if (typeof value === 'object') return element('td', {}, interval(value));
    const text = figure(value);
    return element('td', {class: isNumber(value) ? 'number' : text.length > 32 ? 'long' : null}, text);
  }

  const anchor = name => name.toLowerCase().replace(/[^a-z]+/g, '-');

  function table({name, note, columns, rows}) {
    const numeric = i => rows.some(row => isNumber(row[i])) && rows.every(row => row[i] === null || isNumber(row[i]));
    const head = element('tr', {}, ...columns.map((column, i) => element('th', {scope: 'col', class: numeric(i) ? 'number' : null}, column)));
    const body = element('tbody', {}, ...rows.map(row => element('tr', {}, ...row.map((value, i) => cell(value, numeric(i))))));
    return element('section', {id: anchor(name), class: columns.length > 5 ? 'wide' : null}, element('h2', {}, name), element('p', {class: 'note'}, note),
      rows.length ? element('table', {}, element('thead', {}, head), body) : element('p', {class: 'card note'}, 'None.'));
  }

  // ---- the browser of trajectories

  const MODES = [
    {key: 'logProb', name: 'log-probability', low: 'likely', high: '-5 nats and less', rgb: '--low'},
    {key: 'advantage', name: 'advantage', low: 'below 0', high: 'above 0', rgb: null},
    {key: 'attention', name: 'attention on the picture', low: '0', high: 'the most in the group', rgb: '--look'}];
  const state = {group: 0, sample: 0, piece: -1, mode: 0};
  let view = null;

  const isRight = sample => sample.reward === null || sample.reward.accuracy === null ? null : sample.reward.accuracy === 1;
  const rightness = sample => isRight(sample) === null ? '' : isRight(sample) ? 'right' : 'wrong';

  function groupTitle(group) {
    if (group.phase === 'evaluation') return 'evaluation';
    return group.phase + (group.step ? ` · step ${group.step}` : '') + (group.iteration > 1 ? ` · iteration ${group.iteration}` : '');
  }

  function option(group, i) {
    const dots = element('div', {class: 'dots', 'aria-hidden': 'true'}, ...group.samples.map(sample => element('i', {class: rightness(sample)})));
    const known = group.samples.filter(sample => isRight(sample) !== null);
    const right = known.length ? `${known.filter(isRight).length} of ${known.length} right` : 'not scored';
    return element('li', {id: 'group-' + i, role: 'option', 'aria-selected': 'false'},
      element('p', {}, element('b', {}, groupTitle(group)), element('span', {}, ' · ' + right)), element('p', {}, group.question),
      element('p', {}, element('span', {}, group.why.join(', ') || 'nothing special')), dots);
  }

  /** Bytes of the attention on each picture token, one row a sampled token. */
  function mapOf(sample) {
    const attention = sample.attention;
    if (!attention || !attention.map) return null;
    if (!attention.bytes) attention.bytes = Uint8Array.from(atob(attention.map), c => c.charCodeAt(0));
    return attention.bytes;
  }

  /** The number of a piece's first sampled token. */
  function tokenOf(sample, piece) {
    let token = 0;
    for (let i = sample.given; i < piece; i++) token += sample.pieces[i].tokens;
    return token;
  }

  function shareOf(sample, piece) {
    return sample.attention && piece >= sample.given ? sample.attention.shares[tokenOf(sample, piece)] : undefined;
  }

  function background(sample, piece, most) {
    const mode = MODES[state.mode].key;
    if (piece < sample.given) return '';
    let rgb = MODES[state.mode].rgb, strength = 0;
    if (mode === 'logProb') {
      const value = sample.pieces[piece].logProb;
      if (!isNumber(value)) return '';
      strength = Math.min(1, -value / 5);
    } else if (mode === 'advantage') {
      if (!isNumber(sample.advantage)) return '';
      rgb = sample.advantage < 0 ? '--low' : '--high';
      strength = most.advantage ? Math.abs(sample.advantage) / most.advantage : 0;
    } else {
      const share = shareOf(sample, piece);
      if (share === undefined) return '';
      strength = most.share ? share / most.share : 0;
    }
    return `rgba(var(${rgb}), ${(0.6 * strength).toFixed(3)})`;
  }

  function paint() {
    const samples = data.groups[state.group].samples;
    const most = {
      advantage: Math.max(0, ...samples.map(sample => Math.abs(sample.advantage || 0))),
      share: Math.max(0, ...samples.flatMap(sample => sample.attention ? sample.attention.shares : []))};
    samples.forEach((sample, k) => view.spans[k].forEach((span, i) => { span.style.backgroundColor = background(sample, i, most); }));
    const mode = MODES[state.mode];
    view.modes.forEach((button, i) => { button.setAttribute('aria-checked', String(i === state.mode)); button.tabIndex = i === state.mode ? 0 : -1; });
    view.scale.style.background = mode.rgb ? `linear-gradient(90deg, transparent, rgba(var(${mode.rgb}), 0.6))`
      : 'linear-gradient(90deg, rgba(var(--low), 0.6), transparent, rgba(var(--high), 0.6))';
    view.scaleLow.textContent = mode.low;
    view.scaleHigh.textContent = mode.high;
  }

  function trace(sample, spans) {
    const text = element('p', {class: 'trace'});
    let mark = null;
    sample.pieces.forEach((piece, i) => {
      const span = element('span', {'data-piece': i, class: i < sample.given ? 'given' : null}, piece.text);
      spans.push(span);
      if (piece.reflection && mark === null) {
        mark = element('mark', {'aria-label': 'reflection'});
        text.append(mark);
      } else if (!piece.reflection) {
        mark = null;
      }
      (mark || text).append(span);
    });
    return text;
  }

  function rewardLine(sample) {
    const line = element('div', {class: 'rewards'});
    const reward = sample.reward;
    if (reward === null) {
      line.append(element('span', {}, 'not scored'));
      return line;
    }
    const parts = [['format', reward.format], ['accuracy', reward.accuracy], ['reflection', reward.reflection], ...reward.own.map(own => [own.name, own.value]), ['total', reward.total]];
    for (const [name, value] of parts) line.append(element('span', {}, name + ' ', element('b', {class: value === null ? 'null' : null}, value === null ? 'NULL' : figure(value))));
    if (isNumber(sample.advantage)) line.append(element('span', {}, 'advantage ', element('b', {}, sample.advantage.toFixed(2))));
    return line;
  }

  function card(sample, k) {
    const spans = [];
    view.spans.push(spans);
    const policy = sample.policy.startsWith(data.run + '/') ? sample.policy.slice(data.run.length + 1) : sample.policy;
    const box = element('article', {class: 'sample card ' + rightness(sample), tabindex: '-1', 'data-sample': k, 'aria-label': `sample ${sample.number}, policy ${policy}, ${sample.finish} ${rightness(sample)}`},
      element('h3', {}, element('b', {}, `#${sample.number} ${rightness(sample)}`), element('span', {}, `policy ${policy}`)),
      element('div', {class: 'rewards'}, element('span', {}, `finish ${sample.finish}`), element('span', {}, `${sample.tokens} tokens`), element('span', {}, `temperature ${figure(sample.temperature)}`),
        sample.reward && sample.reward.answer !== null ? element('span', {}, 'answer ', element('b', {}, sample.reward.answer)) : null),
      rewardLine(sample));
    if (sample.reward) for (const reason of [sample.reward.reason, ...sample.reward.own.map(own => own.reason && `${own.name}: ${own.reason}`)]) if (reason) box.append(element('p', {class: 'problem'}, reason));
    if (sample.error) box.append(element('p', {class: 'problem'}, sample.error));
    box.append(trace(sample, spans));
    if (sample.shown < sample.tokens) box.append(element('p', {class: 'note'}, `Cut: ${sample.shown} of ${sample.tokens} tokens are shown.`));
    if (sample.attention && sample.attention.problem) box.append(element('p', {class: 'note'}, 'No attention: ' + sample.attention.problem));
    return box;
  }

  function pictureBox(id, number) {
    const picture = data.pictures[id];
    if (!picture || picture.data === null) return element('div', {class: 'picture'}, element('p', {}, picture ? picture.problem : 'The picture is not in the table images.'));
    const box = element('div', {class: 'picture'}, element('img', {src: picture.data, width: picture.width, height: picture.height, alt: `picture ${number + 1} of the question`}));
    const overlay = drawn('svg', {preserveAspectRatio: 'none', 'aria-hidden': 'true'});
    view.overlays[number] = overlay;
    box.append(overlay);
    return box;
  }

  function showGroup(index) {
    state.group = Math.max(0, Math.min(data.groups.length - 1, index));
    const group = data.groups[state.group];
    view.spans = [];
    view.overlays = [];
    view.list.querySelectorAll('li').forEach((item, i) => item.setAttribute('aria-selected', String(i === state.group)));
    view.list.setAttribute('aria-activedescendant', 'group-' + state.group);
    const item = view.list.children[state.group];
    if (item.offsetTop < view.list.scrollTop || item.offsetTop + item.offsetHeight > view.list.scrollTop + view.list.clientHeight) view.list.scrollTop = item.offsetTop - 60;
    view.token = element('p', {class: 'token', 'aria-live': 'polite'});
    view.cards = group.samples.map(card);
    const about = element('div', {}, element('p', {class: 'question'}, group.question),
      element('p', {class: 'facts'}, 'right answer ', group.answer === null ? element('span', {class: 'null'}, 'not known') : element('b', {}, group.answer),
        ` · ${groupTitle(group)} · ${group.samples.length} samples` + (group.source ? ` · from ${group.source}` : '')), view.token);
    view.detail.replaceChildren(element('div', {class: 'head'}, element('div', {class: 'pictures'}, ...group.pictures.map(pictureBox)), about), element('div', {class: 'samples'}, ...view.cards));
    const reflecting = group.samples.findIndex(sample => sample.pieces.some(piece => piece.reflection));
    showSample(reflecting < 0 ? 0 : reflecting);
    paint();
  }

  function showSample(index) {
    const samples = data.groups[state.group].samples;
    state.sample = Math.max(0, Math.min(samples.length - 1, index));
    view.cards.forEach((box, k) => { box.setAttribute('aria-current', String(k === state.sample)); box.tabIndex = k === state.sample ? 0 : -1; });
    const sample = samples[state.sample];
    const begins = sample.pieces.findIndex((piece, i) => piece.reflection && i >= sample.given);
    showPiece(begins < 0 ? sample.given : begins);
  }

  function showPiece(index) {
    const sample = data.groups[state.group].samples[state.sample];
    view.detail.querySelectorAll('.cursor').forEach(span => span.classList.remove('cursor'));
    state.piece = Math.max(0, Math.min(sample.pieces.length - 1, index));
    const piece = sample.pieces[state.piece];
    view.token.replaceChildren();
    if (!piece) return;
    view.spans[state.sample][state.piece].classList.add('cursor');
    const given = state.piece < sample.given;
    const share = shareOf(sample, state.piece);
    const said = [`token ${given ? 'given' : tokenOf(sample, state.piece) + 1}` + (piece.tokens > 1 ? ` (${piece.tokens} tokens)` : '')];
    if (isNumber(piece.logProb)) said.push(`log-probability ${fixed(piece.logProb)}, probability ${Math.exp(piece.logProb).toPrecision(3)}`);
    if (isNumber(sample.advantage)) said.push(`advantage ${fixed(sample.advantage)}`);
    if (share !== undefined) said.push(`attention on the picture ${percent(share)}`);
    if (piece.reflection) said.push('in the reflection');
    view.token.append(element('code', {}, JSON.stringify(piece.text)), ' ', said.join(' · '));
    overlay(sample);
  }

  /** The picture where the token under the cursor looks at it: the darker, the less, beside the place that it looks at most. */
  function overlay(sample) {
    view.overlays.forEach(box => box.replaceChildren());
    const bytes = mapOf(sample);
    if (bytes === null || state.piece < sample.given) return;
    const grids = sample.attention.grids;
    const columns = grids.reduce((sum, [h, w]) => sum + h * w, 0);
    let at = tokenOf(sample, state.piece) * columns;
    const row = bytes.subarray(at, at + columns);
    const most = Math.max(1, ...row);
    at = 0;
    grids.forEach(([h, w], number) => {
      const box = view.overlays[number];
      if (!box) { at += h * w; return; }
      box.setAttribute('viewBox', `0 0 ${w} ${h}`);
      for (let i = 0; i < h * w; i++, at++) {
        box.append(drawn('rect', {x: i % w, y: Math.floor(i / w), width: 1, height: 1, fill: '#000', 'fill-opacity': (0.8 - 0.8 * row[at] / most).toFixed(3)}));
      }
    });
  }

  function moveTo(target) {
    target.focus({preventScroll: true});
    target.scrollIntoView({block: 'nearest'});
  }

  function key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest('summary') && event.key === ' ') return;
    const within = view.root.contains(event.target);
    const arrows = within && !event.target.closest('.modes');
    const is = (letter, arrow) => event.key === letter || arrows && event.key === arrow;
    if (is('j', 'ArrowDown') || is('k', 'ArrowUp')) {
      showGroup(state.group + (is('j', 'ArrowDown') ? 1 : -1));
      moveTo(view.list);
    } else if (is('l', 'ArrowRight') || is('h', 'ArrowLeft')) {
      showSample(state.sample + (is('l', 'ArrowRight') ? 1 : -1));
      moveTo(view.cards[state.sample]);
    } else if (event.key === 'w' || event.key === 'b') {
      showPiece(state.piece + (event.key === 'w' ? 1 : -1));
    } else if (event.key === 'c' || within && event.target.closest('.modes') && event.key.startsWith('Arrow')) {
      const by = event.key === 'ArrowLeft' || event.key === 'ArrowUp' ? MODES.length - 1 : 1;
      state.mode = (state.mode + by) % MODES.length;
      paint();
      if (event.target.closest('.modes')) view.modes[state.mode].focus();
    } else {
      return;
    }
    event.preventDefault();
  }

  function browser() {
    const title = element('h2', {}, 'Trajectories');
    if (!data.groups.length) return element('section', {id: 'trajectories'}, title, element('p', {class: 'card note'}, 'None.'));
    const list = element('ul', {class: 'groups', role: 'listbox', tabindex: '0', 'aria-label': 'groups of samples'}, ...data.groups.map(option));
    const modes = MODES.map(mode => element('button', {type: 'button', role: 'radio'}, mode.name));
    const scale = element('i'), scaleLow = element('span'), scaleHigh = element('span');
    const mark = element('span', {class: 'scale trace'}, element('mark', {}, 'reflection'));
    const keys = element('p', {}, element('kbd', {}, 'j'), ' ', element('kbd', {}, 'k'), ' group, ', element('kbd', {}, 'h'), ' ', element('kbd', {}, 'l'), ' sample, ',
      element('kbd', {}, 'b'), ' ', element('kbd', {}, 'w'), ' token, ', element('kbd', {}, 'c'), ' colour; arrows too');
    const controls = element('div', {class: 'controls'}, element('span', {class: 'modes', role: 'radiogroup', 'aria-label': 'colour of tokens'}, ...modes),
      element('span', {class: 'scale'}, scaleLow, scale, scaleHigh), mark, keys);
    const detail = element('div', {class: 'detail'});
    const root = element('section', {id: 'trajectories', 'aria-label': 'Trajectories'}, title,
      element('p', {class: 'note'}, 'Samples of a question side by side. Grey text was given to the model, to go on from. The advantage is one value a trajectory. Over the picture, where it is known: the attention of the token under the cursor, the darker the less.'), controls,
      element('div', {class: 'browser'}, list, detail));
    view = {root, list, detail, modes, scale, scaleLow, scaleHigh, cards: [], spans: [], overlays: [], token: null};
    modes.forEach((button, i) => button.addEventListener('click', () => { state.mode = i; paint(); }));
    list.addEventListener('click', event => {
      const item = event.target.closest('li');
      if (item) showGroup([...list.children].indexOf(item));
    });
    const point = event => {
      const box = event.target.closest('article');
      if (!box) return;
      const sample = Number(box.dataset.sample);
      const piece = event.target.closest('[data-piece]');
      if (sample !== state.sample && (piece || event.type === 'click')) showSample(sample);
      if (piece) showPiece(Number(piece.dataset.piece));
    };
    detail.addEventListener('mouseover', point);
    detail.addEventListener('click', point);
    detail.addEventListener('focusin', event => {
      const box = event.target.closest('article');
      if (box && Number(box.dataset.sample) !== state.sample) showSample(Number(box.dataset.sample));
    });
    document.addEventListener('keydown', key);
    return root;
  }

  // ---- the page

  document.title = `Relook report: ${data.run}`;
  document.getElementById('about').textContent = `run ${data.run}, started ${data.startedAt} UTC`;
  const main = document.getElementById('main');
  if (data.notes.length) main.append(element('div', {class: 'card notes'}, ...data.notes.map(note => element('p', {}, note))));
  main.append(recipe(), curves(), element('div', {class: 'tables', id: 'tables'}, ...data.sections.map(table)), element('p'), browser());
  const links = [['recipe', 'Recipe'], ['curves', 'Curves'], ...data.sections.slice(0, 1).map(s => [anchor(s.name), s.name]), ['tables', 'Tables'], ['trajectories', 'Trajectories']];
  document.getElementById('nav').append(...links.map(([id, name]) => element('a', {href: '#' + id}, name)));
  if (view) showGroup(0);
})();
