// Commands: a value at a priority for a time, said again before it goes, and followed until the gateway has answered.

import {dialog, h, note, replace} from './dom.js';
import {get} from './api.js';
import {t, word} from './i18n.js';
import * as f from './format.js';
import * as live from './live.js';
import {can, now, points as known} from './site.js';
import {empty, into, table, tag} from './parts.js';

const followed = new Map(); // request id -> {name, point}

function outcome(event) {
	const one = followed.get(event.request_id);
	if (!one || event.state === 'sent') return;
	followed.delete(event.request_id);
	// a null that took effect is a release
	const state = event.state === 'effective' && (event.value ?? null) === null ? 'released' : event.state;
	const text = t(`control.${state}`, {point: one.name, value: f.value(event.value, one.point), priority: event.priority ?? event.winner ?? '?', reason: event.reason ?? ''});
	note(text, {effective: 'good', released: 'good', refused: 'error', timeout: 'error'}[state] ?? 'info');
}
live.on('control', outcome);

async function follow(point, name, ask) {
	try {
		const reply = await ask();
		followed.set(reply.request_id, {name, point});
		note(`${name}: ${t('control.sent')}`);
		return true;
	} catch (e) {
		note(e.message, 'error');
		return false;
	}
}

// What was typed, as the kind of value that the point has; undefined: it is none.
function read(text, binary) {
	if (binary) return Number(text);
	if (/^\s*(true|false)\s*$/.test(text)) return text.trim() === 'true';
	const x = Number(text.trim().replace(/,(?=\d{3}\b)/g, ''));
	return text.trim() !== '' && Number.isFinite(x) ? x : undefined;
}

// Outputs and values are written; inputs are measured (the object types of BACnet).
export const commandable = (point) => /^[ABM][OV]$/.test(point.type ?? '') || (!point.type && /(^|[.:])[ABM][OV]\b/.test(point.point_id));

export async function command(building, point, current) {
	const name = point.name || point.point_id;
	const binary = /^B[OV]$/.test(point.type ?? '') || typeof current === 'boolean';
	const value = binary
		? h('select', {name: 'value'}, [[1, t('on')], [0, t('off')]].map(([v, text]) => h('option', {value: String(v), selected: Number(current) !== v}, text)))
		: h('input', {name: 'value', inputmode: 'decimal', autocomplete: 'off', required: true, value: typeof current === 'number' ? String(current) : ''});
	const priority = h('select', {name: 'priority'}, [8, 1, 2, 5, 10, 12, 16].map((n) => h('option', {value: String(n), selected: n === 8}, t(`priority.${n}`))));
	const minutes = h('select', {name: 'minutes'}, [15, 30, 60, 120, 240, 480, 1440].map((n) => h('option', {value: String(n), selected: n === 60}, t(`minutes.${n}`))));
	const said = h('p', {role: 'alert'});
	const fields = h('div', {class: 'stack'},
		h('p', {}, name, h('span', {class: 'id'}, ` ${point.point_id}`)), h('p', {class: 'muted'}, `${t('control.now')}: ${f.value(current, point)}`),
		h('label', {}, `${t('control.value')}${point.unit ? `, ${f.unit(point.unit)}` : ''}`, value),
		h('label', {}, t('control.priority'), priority), h('label', {}, t('control.minutes'), minutes), said);
	const wish = () => ({value: read(value.value, binary), priority: Number(priority.value), minutes: Number(minutes.value)});
	const chosen = await dialog(t('control.title'), fields, (done) => {
		const box = h('div', {class: 'row'});
		const first = () => replace(box, h('button', {type: 'button', on: {click: () => done(null)}}, t('cancel')),
			h('button', {class: 'first', type: 'submit', id: 'next', on: {click: sure}}, t('control.next')));
		const back = () => { replace(said); for (const e of [value, priority, minutes]) e.disabled = false; first(); value.focus(); };
		const sure = () => {
			const w = wish();
			value.setAttribute('aria-invalid', String(w.value === undefined));
			if (w.value === undefined) { replace(said, t('control.not')); value.focus(); return; }
			for (const e of [value, priority, minutes]) e.disabled = true;
			replace(said, h('b', {}, t('control.sure', {point: name, value: f.value(w.value, point), priority: w.priority, time: t(`minutes.${w.minutes}`)})));
			replace(box, h('button', {type: 'button', on: {click: back}}, t('control.back')),
				h('button', {class: 'first', type: 'submit', id: 'go', on: {click: () => done(w)}}, t('control.go')));
			box.lastChild.focus();
		};
		first();
		return box;
	});
	if (chosen) await follow(point, name, () => live.request('control', {building: building.key, point_id: point.point_id, ...chosen}));
}

const KIND = {effective: 'good', overridden: 'late', refused: 'bad', timeout: 'late', sent: 'wait'};

// Who holds what, and until when.
export async function held(place, panel) {
	const {key, zone} = place.building;
	const names = new Map((await known(key)).map((p) => [p.point_id, p]));
	const box = h('div', {class: 'card'});
	const draw = () => into(box, async () => {
		const rows = await get('control/held', {building: key}, place.signal);
		if (!rows.length) return empty(t('building.held.none'));
		return table([
			{head: t('point'), whole: true, cell: (r) => [names.get(r.point_id)?.name ?? r.point_id, h('div', {class: 'id'}, r.point_id)]},
			{head: t('value'), right: true, cell: (r) => f.value(r.value, names.get(r.point_id))},
			{head: t('building.run'), cell: (r) => tag(KIND[r.state] ?? 'unknown', word('control.state', r.state))},
			{head: t('building.priority'), right: true, cell: (r) => String(r.priority)},
			{head: t('by'), cell: (r) => r.by ?? r.user ?? ''},
			{head: t('building.until'), cell: (r) => f.when(r.expires ?? r.until, zone, now())},
			{head: '', buttons: true, cell: (r) => can('operator') && h('button', {class: 'slight', type: 'button', 'aria-label': `${t('control.release')}: ${r.point_id}`, on: {click: async (e) => {
				e.target.disabled = true;
				const point = names.get(r.point_id) ?? r;
				if (await follow(point, point.name ?? r.point_id, () => live.request('relinquish', {building: key, point_id: r.point_id, priority: r.priority}))) setTimeout(draw, 800);
				else e.target.disabled = false;
			}}}, t('control.release'))},
		], rows, {name: t('building.held')});
	});
	await draw();
	replace(panel, box);
	place.leave(live.on('control', () => draw()));
	place.every(30000, draw);
}
