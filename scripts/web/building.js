// One building now: its units and their points, live; commands with priority and end; what people hold.

import {h, replace, settle} from './dom.js';
import {getAll} from './api.js';
import {t, word} from './i18n.js';
import * as f from './format.js';
import * as live from './live.js';
import {can, now, points as known} from './site.js';
import {command, commandable, held} from './control.js';
import {empty, find, into, table, tabs, tag} from './parts.js';

const SHOWN = 120; // points listed at once: each is subscribed to
const STALE = 40 * 60000; // older than two periods and a half of fifteen minutes

// A mode has a name, too.
const said = (value, point) => (point.role === 'Mode' && typeof value === 'number' ? `${word('mode', value)} (${f.number(value)})` : f.value(value, point));

// A value that follows the session; old ones say so.
function cell(place, point) {
	const out = h('output', {class: 'number', 'data-point': point.point_id}, '–');
	const at = h('span', {class: 'small muted nowrap'});
	let newest = null;
	const put = (event) => {
		if (newest && new Date(event.time) < new Date(newest.time)) return;
		const first = newest === null;
		newest = event;
		replace(out, said(event.value, point));
		age();
		if (!first && !event.snapshot) { out.classList.remove('flash'); void out.offsetWidth; out.classList.add('flash'); }
	};
	const age = () => {
		if (!newest) return;
		replace(at, f.age(newest.time, now()));
		at.title = f.moments(newest.time, place.building.zone);
		const old = live.state !== 'on' || now() - new Date(newest.time) > STALE;
		out.classList.toggle('stale', old);
		out.dataset.stale = t('stale');
	};
	return {out, at, put, age, value: () => newest?.value};
}

// Rows of points with live values; returns what ends the subscription.
function board(place, box, list, heads) {
	const cells = new Map(list.map((p) => [p.point_id, cell(place, p)]));
	replace(box, list.length === 0 ? empty() : table([
		...heads,
		{head: t('value'), right: true, cell: (p) => cells.get(p.point_id).out},
		{head: t('time'), right: true, cell: (p) => cells.get(p.point_id).at},
		{head: '', buttons: true, cell: (p) => [
			h('a', {class: 'small', href: `#/trends/${place.building.key}?p=${encodeURIComponent(p.point_id)}`, 'aria-label': `${t('building.trend')}: ${p.name ?? p.point_id}`}, t('building.trend')), ' ',
			can('operator') && commandable(p) && h('button', {class: 'slight', type: 'button', 'aria-label': `${t('building.control')}: ${p.name ?? p.point_id}`,
				on: {click: () => command(place.building, p, cells.get(p.point_id).value())}}, t('building.control'))]},
	], list, {board: true}));
	const off = live.subscribe(place.building.key, list.map((p) => p.point_id), (event) => {
		if (event.attr === 'M_Value' || !event.attr) cells.get(event.point_id)?.put(event);
	});
	const timer = setInterval(() => { for (const c of cells.values()) c.age(); }, 10000);
	const state = live.on('state', () => { for (const c of cells.values()) c.age(); });
	return () => { off(); state(); clearInterval(timer); };
}

// What a unit is doing, of its composite's attributes: cells that put(ATTRIBUTE, VALUE) keeps.
function unitRow(unit, open) {
	const cell = () => h('span', {}, '–');
	const cells = {Run: h('span', {}, tag('unknown', '–')), Mode: cell(), Temp: cell(), SetTemp: cell()};
	const degrees = (x) => (typeof x === 'number' ? `${f.fixed(x, 1)} °C` : '–');
	const said = {
		Run: (x) => tag(x ? 'run' : 'stop', x ? t('on') : t('off')), Mode: (x) => (x === null ? '–' : word('mode', x)), Temp: degrees, SetTemp: degrees,
	};
	return {
		unit, cells, name: h('button', {class: 'quiet slight unit', type: 'button', on: {click: () => open(unit)}}, `${unit.class} ${unit.unit}`),
		put: (attr, value) => { if (attr in cells) replace(cells[attr], said[attr](value)); },
	};
}

async function units(place, panel) {
	const key = place.building.key;
	const [all, points] = await Promise.all([getAll('facility/composites', {building: key, all: true}, place.signal), known(key)]);
	if (!all.length) { replace(panel, empty()); return; }
	const byId = new Map(points.map((p) => [p.point_id, p]));
	const list = h('div', {class: 'card'});
	const detail = h('div', {class: 'card', id: 'unit', tabindex: -1}, empty(t('building.pick')));
	let end = () => {};
	let chosen = null;
	place.leave(() => end());
	const open = (unit, focus = true) => {
		chosen = unit.composite_id;
		place.keep({unit: chosen});
		end();
		const rows = Object.entries(unit.members ?? {}).map(([role, id]) => ({role, ...(byId.get(id) ?? {point_id: id, name: id})}));
		const box = h('div', {});
		replace(detail, h('div', {class: 'head'}, h('h2', {}, `${unit.class} ${unit.unit}`), h('span', {class: 'sub small'}, unit.composite_id),
			unit.schedule && h('a', {class: 'small', href: `#/schedule/${key}?s=${encodeURIComponent(unit.schedule.schedule_id)}`}, `${t('nav.schedule')}: ${unit.schedule.schedule_id}`)), box);
		end = board(place, box, rows, [{head: t('building.role'), whole: true, cell: (p) => [h('span', {}, p.role), h('div', {class: 'id'}, p.point_id)]}]);
		for (const tr of list.querySelectorAll('tr[data-unit]')) tr.classList.toggle('chosen', tr.dataset.unit === chosen);
		if (focus && matchMedia('(max-width: 1000px)').matches) detail.scrollIntoView({block: 'start'});
	};
	const rows = new Map(all.map((unit) => [unit.composite_id, unitRow(unit, open)]));
	replace(list, table([
		{head: t('unit'), cell: (r) => r.name},
		{head: t('building.run'), cell: (r) => r.cells.Run},
		{head: t('building.mode'), cell: (r) => r.cells.Mode},
		{head: t('building.temp'), right: true, cell: (r) => r.cells.Temp},
		{head: t('building.set'), right: true, cell: (r) => r.cells.SetTemp},
	], [...rows.values()], {name: t('building.units'), row: (r) => ({'data-unit': r.unit.composite_id, on: {click: (e) => { if (!e.target.closest('button')) open(r.unit); }}}), fold: false}));
	const put = (row) => rows.get(row.point_id)?.put(row.attr, row.value);
	(await getAll('latest/values', {building: key, point: 'ComP_U_*'}, place.signal)).forEach(put);
	place.leave(live.subscribe(key, [...rows.keys()], put));
	replace(panel, h('div', {class: 'two wide'}, list, detail));
	const asked = all.find((u) => u.composite_id === place.query.get('unit'));
	open(asked ?? all[0], Boolean(asked));
}

async function flat(place, panel) {
	const points = (await known(place.building.key)).filter((p) => !p.deleted);
	const box = h('div', {});
	const said = h('span', {class: 'small muted'});
	let end = () => {};
	place.leave(() => end());
	const field = h('input', {type: 'search', 'aria-label': t('search'), placeholder: t('building.find'), size: 34, value: place.query.get('q') ?? '',
		on: {input: settle(150, () => draw())}});
	const draw = () => {
		const list = find(points, field.value);
		place.keep({tab: 'points', q: field.value});
		end();
		end = board(place, box, list.slice(0, SHOWN), [
			{head: t('point'), cell: (p) => [h('span', {}, p.name || p.point_id), h('div', {class: 'id'}, p.point_id)], whole: true},
			{head: t('building.class'), cell: (p) => [p.class, p.floor, p.zone].filter(Boolean).join(' · ')},
		]);
		replace(said, t(list.length > SHOWN ? 'building.showing' : 'building.found', {n: f.number(Math.min(SHOWN, list.length)), all: f.number(list.length)}));
	};
	replace(panel, h('div', {class: 'card'}, h('div', {class: 'row'}, field, said), box));
	draw();
}

export async function show(box, place) {
	const {building: b} = place;
	let over = new AbortController(); // of the tab that is open
	place.leave(() => over.abort());
	const tab = (work) => (panel) => {
		over.abort();
		over = new AbortController();
		const {signal} = over;
		const mine = {...place, signal, leave: (g) => signal.addEventListener('abort', g),
			every: (ms, g) => { const timer = setInterval(() => { if (!document.hidden) g(); }, ms); signal.addEventListener('abort', () => clearInterval(timer)); }};
		replace(panel, h('p', {class: 'busy'}, t('loading')));
		return into(panel, () => work(mine, panel));
	};
	const [list, panel] = tabs(t('nav.building'), [
		['units', t('building.units'), tab(units)], ['points', t('building.points'), tab(flat)], ['held', t('building.held'), tab(held)],
	], place.query.get('tab') ?? 'units', (id) => { if (id !== 'units') place.keep({tab: id}); });
	replace(box, h('div', {class: 'head'}, h('h1', {}, b.name), h('span', {class: 'sub'}, b.key), h('span', {class: 'grow'}), list), panel);
}

