// What each schedule commands in a week, day by day, and why; its weekly times can be changed here.

import {dialog, h, note, replace} from './dom.js';
import {get, post} from './api.js';
import {t, word} from './i18n.js';
import * as f from './format.js';
import {can, now} from './site.js';
import {midnight} from './plot.js';
import {empty, into} from './parts.js';

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

function monday(iso) {
	const day = new Date(`${iso}T12:00:00Z`).getUTCDay();
	return f.dayPlus(iso, -((day + 6) % 7));
}

const shown = f.state;

// The pieces of a day, as shares of its length: a day of 23 or 25 hours is one too.
function bar(parts, iso, zone) {
	const from = midnight(iso, zone), to = midnight(f.dayPlus(iso, 1), zone);
	const share = (x) => `${(100 * (x - from) / (to - from)).toFixed(3)}%`;
	const mine = parts.filter((p) => Date.parse(p.from) < to && Date.parse(p.to) > from);
	const current = now().getTime();
	return h('div', {class: 'bar', role: 'img', 'aria-label': mine.map((p) => `${f.clock(Math.max(from, Date.parse(p.from)), zone)} ${shown(p.value)}`).join(', ') || t('schedule.nothing')},
		mine.map((p) => {
			const a = Math.max(from, Date.parse(p.from)), b = Math.min(to, Date.parse(p.to));
			const on = p.value !== null && p.value !== 0 && p.value !== false;
			const source = /^[a-z]+/.exec(p.source ?? '')?.[0] ?? 'none';
			return h('span', {class: `part ${on ? 'on' : 'off'} ${source}`, style: {'--left': share(a), '--width': `${(100 * (b - a) / (to - from)).toFixed(3)}%`},
				title: `${f.clock(a, zone)}–${f.clock(b, zone)} ${shown(p.value)} (${word('source', source)}${p.name ? `: ${p.name}` : ''})`}, b - a > 3600000 ? shown(p.value) : '');
		}),
		current >= from && current < to && h('span', {class: 'needle', style: {'--left': share(current)}}));
}

function week(parts, first, zone) {
	const hours = [0, 3, 6, 9, 12, 15, 18, 21].map((n) => h('span', {style: {left: `${n / 24 * 100}%`}}, n ? String(n).padStart(2, '0') : ''));
	const today = f.isoDay(now(), zone);
	return h('div', {class: 'week'}, h('span', {}), h('div', {class: 'hours', 'aria-hidden': 'true'}, hours),
		DAYS.map((_, i) => {
			const iso = f.dayPlus(first, i);
			const at = midnight(iso, zone);
			return [h('span', {class: `day ${iso === today ? 'is' : ''}`}, f.weekday(at, zone), ' ', h('span', {class: 'small muted'}, String(Number(iso.slice(8))))), bar(parts, iso, zone)];
		}));
}

const write = (list) => (list ?? []).map(([time, v]) => `${time}=${JSON.stringify(v)}`).join(' ');

// 08:00=1 18:00=0 as a day's list; undefined where it is none.
function read(text) {
	const list = [];
	for (const one of text.trim().split(/[\s,;]+/).filter(Boolean)) {
		const m = /^(\d{1,2}):(\d{2})=(.+)$/.exec(one);
		if (!m || Number(m[1]) > 23 || Number(m[2]) > 59) return undefined;
		let v;
		try { v = JSON.parse(m[3]); } catch { return undefined; }
		if (v !== null && typeof v === 'object') return undefined;
		list.push([`${m[1].padStart(2, '0')}:${m[2]}`, v]);
	}
	list.sort((a, b) => a[0].localeCompare(b[0]));
	return list.some((e, i) => i && list[i - 1][0] === e[0]) ? undefined : list;
}

async function edit(key, row, zone, first) {
	const schedule = structuredClone(row.schedule ?? row.data ?? row);
	const fields = DAYS.map((d) => h('input', {value: write(schedule.weekly?.[d]), autocomplete: 'off', spellcheck: 'false', id: `day-${d}`, 'aria-describedby': 'how'}));
	const otherwise = h('input', {value: JSON.stringify(schedule.default ?? null), autocomplete: 'off', id: 'otherwise', size: 8});
	const said = h('p', {role: 'alert'});
	const body = h('div', {class: 'stack'},
		h('p', {class: 'small muted', id: 'how'}, t('schedule.bad')),
		h('div', {class: 'daylist'}, DAYS.map((_, i) => [h('label', {for: fields[i].id}, f.weekday(midnight(f.dayPlus(first, i), zone), zone)), fields[i]]),
			h('label', {for: 'otherwise'}, t('schedule.default')), otherwise),
		schedule.exceptions?.length > 0 && h('p', {class: 'small muted'}, t('schedule.exceptions.kept', {n: schedule.exceptions.length})), said);
	const changed = await dialog(`${t('schedule.edit')}: ${schedule.schedule_id}`, body, (done) => [
		h('button', {type: 'button', on: {click: () => done(null)}}, t('cancel')),
		h('button', {class: 'first', type: 'submit', on: {click: () => {
			const weekly = {};
			for (const [i, field] of fields.entries()) {
				const list = read(field.value);
				field.setAttribute('aria-invalid', String(list === undefined));
				if (list === undefined) { replace(said, t('schedule.bad')); field.focus(); return; }
				if (list.length) weekly[DAYS[i]] = list;
			}
			let rest;
			try { rest = JSON.parse(otherwise.value.trim() || 'null'); } catch { replace(said, t('schedule.bad')); otherwise.focus(); return; }
			done({...schedule, weekly, default: rest});
		}}}, t('save'))]);
	if (!changed) return false;
	try {
		await post('schedule/put', {building: key, schedule: changed});
		note(t('schedule.saved', {name: changed.schedule_id}), 'good');
		return true;
	} catch (e) {
		note(e.message, 'error');
		return false;
	}
}

export async function show(box, place) {
	const {key, zone, name} = place.building;
	let first = monday(place.query.get('week') ?? f.isoDay(now(), zone));
	const title = h('h2', {});
	const list = h('div', {class: 'stack'});
	const draw = () => into(list, async () => {
		replace(title, t('schedule.week', {day: f.dayLong(midnight(first, zone), zone)}));
		place.keep({week: first});
		const [rows, parts] = await Promise.all([
			get('schedule/list', {building: key}, place.signal),
			get('schedule/week', {building: key, from: first, to: f.dayPlus(first, 7)}, place.signal)]);
		if (!rows.length) return h('div', {class: 'card'}, empty(t('schedule.none')));
		return rows.map((row) => {
			const id = row.schedule_id;
			return h('article', {class: 'card', 'data-schedule': id},
				h('div', {class: 'head'}, h('h2', {}, id), h('span', {class: 'sub small'}, [row.name, row.point_id && t('schedule.points', {point: row.point_id})].filter(Boolean).join(' · ')), h('span', {class: 'grow'}),
					can('operator') && h('button', {class: 'slight', type: 'button', 'aria-label': `${t('schedule.edit')}: ${id}`, on: {click: async () => { if (await edit(key, row, zone, first)) draw(); }}}, t('schedule.edit'))),
				week(parts.filter((p) => p.schedule_id === id), first, zone));
		});
	});
	const step = (n) => { first = n ? f.dayPlus(first, 7 * n) : monday(f.isoDay(now(), zone)); draw(); };
	replace(box, h('div', {class: 'head'}, h('h1', {}, t('schedule.title')), h('span', {class: 'sub'}, name)),
		h('div', {class: 'row'}, title, h('span', {class: 'grow'}),
			h('div', {class: 'row'}, h('button', {type: 'button', on: {click: () => step(-1)}}, `← ${t('earlier')}`), h('button', {type: 'button', on: {click: () => step(0)}}, t('today')), h('button', {type: 'button', on: {click: () => step(1)}}, `${t('later')} →`))),
		list);
	await draw();
	const asked = place.query.get('s');
	if (asked) list.querySelector(`[data-schedule="${CSS.escape(asked)}"]`)?.scrollIntoView();
}
