// What several views are made of: tables, tags, tabs, a field that finds points.

import {add, h, replace} from './dom.js';
import {t, word} from './i18n.js';
import * as f from './format.js';

export const empty = (text = t('empty')) => h('p', {class: 'empty'}, text);

// An alarm's level as shape, number and word.
export const level = (n) => h('span', {class: `tag level-${n}`}, word('level', n));

export const tag = (kind, text) => h('span', {class: `tag state-${kind}`}, text);

// columns: [{head, cell: (row) => node or text, right, whole, buttons}]. On narrow screens the rows fold into blocks.
export function table(columns, rows, {name, row: dress, fold = true, board = false} = {}) {
	const kind = (c) => [c.right && 'right', c.whole && 'whole', c.buttons && 'buttons'].filter(Boolean).join(' ') || null;
	const line = (row) => h('tr', dress?.(row), columns.map((c) =>
		h('td', {class: kind(c), 'data-head': c.buttons || c.whole ? null : c.head}, c.cell(row))));
	return h('div', {class: 'scroll'}, h('table', {class: board ? 'fold board' : fold && 'fold', 'aria-label': name},
		h('thead', {}, h('tr', {}, columns.map((c) => h('th', {scope: 'col', class: kind(c)}, c.head)))),
		h('tbody', {}, rows.map(line))));
}

// options: [[value, text]]; one of them is pressed.
export function choice(name, options, chosen, change) {
	const box = h('div', {class: 'choice', role: 'group', 'aria-label': name}, options.map(([value, text]) =>
		h('button', {type: 'button', 'data-value': value, 'aria-pressed': String(value === chosen), on: {click: () => { press(value); change(value); }}}, text)));
	const press = (value) => {
		for (const b of box.children) b.setAttribute('aria-pressed', String(b.dataset.value === String(value)));
	};
	box.press = press;
	return box;
}

// tabs: [[id, text, show(panel)]]: arrows move between them, as the ARIA practices have it.
export function tabs(name, all, first, chosen = () => {}) {
	const panel = h('div', {role: 'tabpanel', class: 'stack', tabindex: -1, id: 'panel'});
	const open = (id) => {
		for (const b of list.children) {
			const mine = b.dataset.tab === id;
			b.setAttribute('aria-selected', String(mine));
			b.tabIndex = mine ? 0 : -1;
		}
		replace(panel);
		chosen(id);
		return all.find(([one]) => one === id)[2](panel);
	};
	const list = h('div', {class: 'tabs', role: 'tablist', 'aria-label': name, on: {keydown: (e) => {
		const step = {ArrowRight: 1, ArrowLeft: -1}[e.key];
		if (!step) return;
		const at = [...list.children].indexOf(document.activeElement);
		const next = list.children[(at + step + all.length) % all.length];
		next.focus();
		next.click();
	}}}, all.map(([id, text]) => h('button', {type: 'button', role: 'tab', 'data-tab': id, 'aria-controls': 'panel', on: {click: () => open(id)}}, text)));
	open(all.some(([id]) => id === first) ? first : all[0][0]);
	return [list, panel];
}

export const facts = (pairs) => h('dl', {class: 'facts'}, pairs.filter(Boolean).map(([name, value, small]) =>
	h('div', {}, h('dt', {}, name), h('dd', {}, value, small && h('small', {}, small)))));

// What came of a task, as nbms-learn words it: one sentence or more, some with figures in them.
const FIGURES = [
	[/^(\d+) of (\d+) zones cannot be kept in their band: (\S+) is ([\d.]+) K outside at (\S+)$/,
		(m, zone) => t('outcome.zones', {n: m[1], all: m[2], unit: f.equipment(m[3]), k: f.number(Number(m[4]), 1), time: f.moment(m[5], zone)})],
	[/^no forecast: yesterday's temperatures stand in for (\d+) of (\d+) steps$/, (m) => t('outcome.yesterday', {n: m[1], all: m[2]})],
	[/^the forecast ends with that of the weather, after (\d+) hours$/, (m) => t('outcome.ends', {n: m[1]})],
	[/^too little usable history: of (\d+) hours (\d+) are left/, (m) => t('outcome.short', {all: m[1], n: m[2]})],
];
function sentence(text, zone) {
	for (const [like, words] of FIGURES) {
		const m = like.exec(text);
		if (m) return words(m, zone);
	}
	return word('outcome', text);
}
export const outcome = (text, zone) => String(text ?? '').split('; ').map((one) => sentence(one, zone)).join('; ');

// All words of the search are somewhere in what describes the point.
export function find(points, text) {
	const words = text.toLowerCase().split(/\s+/).filter(Boolean);
	return points.filter((p) => {
		const all = `${p.point_id} ${p.name ?? ''} ${p.class ?? ''} ${p.floor ?? ''} ${p.zone ?? ''}`.toLowerCase();
		return words.every((w) => all.includes(w));
	});
}

// A field that finds points as one types: a combobox with a list below it.
export function picker(label, points, pick) {
	let shown = [];
	let at = -1;
	const list = h('ul', {role: 'listbox', id: 'found', hidden: true, 'aria-label': label});
	const field = h('input', {type: 'search', role: 'combobox', 'aria-expanded': 'false', 'aria-controls': 'found', 'aria-autocomplete': 'list',
		autocomplete: 'off', placeholder: t('building.find'), 'aria-label': label, size: 34, on: {
			input: () => open(), focus: () => { if (field.value) open(); }, blur: () => setTimeout(close, 150),
			keydown: (e) => {
				if (e.key === 'ArrowDown') { e.preventDefault(); if (list.hidden) open(); move(1); } else if (e.key === 'ArrowUp') { e.preventDefault(); move(-1); } else if (e.key === 'Enter' && shown[at]) { e.preventDefault(); take(shown[at]); } else if (e.key === 'Escape') close();
			},
		}});
	const close = () => { list.hidden = true; at = -1; field.setAttribute('aria-expanded', 'false'); field.removeAttribute('aria-activedescendant'); };
	const take = (p) => { field.value = ''; close(); pick(p); };
	const move = (step) => {
		at = Math.max(0, Math.min(shown.length - 1, at + step));
		[...list.children].forEach((li, i) => li.setAttribute('aria-selected', String(i === at)));
		list.children[at]?.scrollIntoView({block: 'nearest'});
		if (shown[at]) field.setAttribute('aria-activedescendant', `found-${at}`);
	};
	const open = () => {
		shown = find(points(), field.value).slice(0, 60);
		replace(list, shown.map((p, i) => h('li', {role: 'option', id: `found-${i}`, 'aria-selected': 'false', on: {pointerdown: (e) => { e.preventDefault(); take(p); }}},
			p.name || p.point_id, ' ', h('span', {class: 'id'}, [p.point_id !== p.name && p.point_id, p.floor, p.zone].filter(Boolean).join(' · ')))));
		list.hidden = shown.length === 0;
		field.setAttribute('aria-expanded', String(shown.length > 0));
		if (shown.length) { at = -1; move(1); }
	};
	return h('div', {class: 'pick'}, field, list);
}

// The two ends of a range, in the building's days.
export function days(from, to, change) {
	const field = (label, value, i) => h('label', {}, label, h('input', {type: 'date', value, required: true, on: {change: (e) => {
		if (!e.target.value) return;
		const both = [from, to];
		both[i] = e.target.value;
		[from, to] = both;
		if (from <= to) change(from, to);
	}}}));
	return [field(t('from'), from, 0), field(t('to'), to, 1)];
}

// What is asked for again and again: the newest answer is shown, and trouble in words where it would be.
export async function into(box, work) {
	try {
		const nodes = await work();
		if (nodes === undefined) return;
		// who was on a button stays on it when the rows around it are drawn anew
		const label = box.contains(document.activeElement) && document.activeElement.getAttribute('aria-label');
		replace(box, nodes);
		if (label) box.querySelector(`[aria-label="${CSS.escape(label)}"]`)?.focus();
	} catch (e) {
		if (e.name === 'AbortError') return;
		if (!(e.status >= 0)) console.error(e);
		replace(box, h('div', {class: 'trouble', role: 'alert'}, e.status >= 0 ? e.message : t('error.view')));
	}
}

export {add, f};
