// What stands and who takes it; what happened; what people were told.

import {dialog, h, note, replace, say, settle} from './dom.js';
import {get, post} from './api.js';
import {t, word} from './i18n.js';
import * as f from './format.js';
import * as live from './live.js';
import {building, can, now, points as known} from './site.js';
import {empty, into, level, table, tabs} from './parts.js';

// How many nobody has taken yet, beside the name of the view.
export const count = settle(300, async (key) => {
	if (!key) return;
	try {
		const rows = await get('notice/alarms', {building: key});
		const n = rows.filter((r) => r.state === 'unacknowledged' || r.state === 'returned').length;
		const badge = document.getElementById('badge');
		if (badge) { badge.hidden = n === 0; badge.textContent = f.number(n); }
	} catch { /* the view itself says what is wrong */ }
});

// A transition has come through the session.
export function heard(e, chosen) {
	if (e.snapshot) return;
	const name = e.alarm_name || e.alarm_point_id;
	const where = building(e.building)?.name ?? e.building;
	if (e.transition === 'raise' || e.transition === 'unshelve') {
		const text = t('alarms.new', {level: word('level', e.level), name, building: where});
		note(text, e.level <= 2 ? 'error' : 'info');
	} else if (e.transition === 'clear') {
		say(t('alarms.cleared', {name}));
	}
	count(chosen);
}

async function act(work, text) {
	try {
		await work();
		note(text, 'good');
	} catch (e) {
		note(e.message, 'error');
	}
}

async function shelve(key, a) {
	const name = a.alarm_name || a.alarm_point_id;
	const minutes = h('select', {}, [15, 30, 60, 120, 240, 480, 1440, 10080].map((n) => h('option', {value: String(n), selected: n === 60}, t(`minutes.${n}`))));
	const reason = h('input', {required: true, autocomplete: 'off', maxlength: 200, id: 'reason'});
	const said = h('p', {role: 'alert'});
	const chosen = await dialog(t('alarms.shelve.title', {name}),
		h('div', {class: 'stack'}, h('label', {}, t('alarms.shelve.for'), minutes), h('label', {}, t('alarms.shelve.reason'), reason), said),
		(done) => [h('button', {type: 'button', on: {click: () => done(null)}}, t('cancel')),
			h('button', {class: 'first', type: 'submit', on: {click: () => {
				if (reason.value.trim()) done({minutes: Number(minutes.value), reason: reason.value.trim()});
				else { replace(said, t('alarms.shelve.need')); reason.focus(); }
			}}}, t('alarms.shelve'))]);
	if (chosen) await act(() => post('notice/shelve', {building: key, alarm: a.alarm_point_id, ...chosen}), t('alarms.shelved', {name}));
	return chosen;
}

async function standing(place, panel) {
	const {key, zone} = place.building;
	const of = new Map((await known(key)).map((p) => [p.point_id, p])); // what alarms are about
	const box = h('div', {class: 'card', id: 'standing'});
	const draw = () => into(box, async () => {
		const rows = await get('notice/alarms', {building: key}, place.signal);
		if (!rows.length) return empty(t('alarms.none'));
		rows.sort((a, b) => (a.level ?? 9) - (b.level ?? 9) || String(b.since).localeCompare(String(a.since)));
		const name = (a) => a.alarm_name || a.alarm_point_id;
		const then = (work) => async (e) => { e.target.disabled = true; await work(); await draw(); };
		return table([
			{head: t('alarms.level'), cell: (a) => level(a.level)},
			{head: t('alarms.alarm'), whole: true, cell: (a) => [h('b', {}, name(a)), h('div', {class: 'id'}, [a.alarm_point_id, a.text].filter(Boolean).join(' · '))]},
			{head: t('alarms.state'), cell: (a) => [word('alarm', a.state), a.shelved_until && h('div', {class: 'small muted'}, `→ ${f.when(a.shelved_until, zone, now())}`)]},
			{head: t('since'), cell: (a) => [h('time', {datetime: a.since}, f.when(a.since, zone, now())), h('div', {class: 'small muted'}, f.age(a.since, now()))]},
			{head: t('value'), right: true, cell: (a) => (a.value === null || a.value === undefined ? null : f.value(a.value, of.get(a.point_id)))},
			{head: '', buttons: true, cell: (a) => [a.point_id && h('a', {class: 'small', href: `#/trends/${key}?p=${encodeURIComponent(a.point_id)}`, 'aria-label': `${t('building.trend')}: ${name(a)}`}, t('building.trend')), ' ', can('operator') && [
				(a.state === 'unacknowledged' || a.state === 'returned') && a.episode && h('button', {class: 'slight', type: 'button', 'aria-label': `${t('alarms.ack')}: ${name(a)}`,
					on: {click: then(() => act(() => post('notice/ack', {building: key, episode: a.episode}), t('alarms.acked', {name: name(a)})))}}, t('alarms.ack')),
				a.state === 'shelved' ? h('button', {class: 'slight', type: 'button', on: {click: then(() => act(() => post('notice/unshelve', {building: key, alarm: a.alarm_point_id}), t('alarms.unshelved', {name: name(a)})))}}, t('alarms.unshelve'))
					: h('button', {class: 'slight', type: 'button', 'aria-label': `${t('alarms.shelve')}: ${name(a)}`, on: {click: then(() => shelve(key, a))}}, t('alarms.shelve'))]]},
		], rows, {name: t('alarms.standing')});
	});
	await draw();
	replace(panel, box);
	const soon = settle(200, draw); // a flood of them is one
	place.leave(live.on('alarm', (e) => { if (e.building === key) soon(); }));
	place.every(30000, draw);
}

async function history(place, panel) {
	const {key, zone} = place.building;
	const box = h('div', {});
	const draw = (n) => into(box, async () => {
		// what happened this second is there, too
		const rows = await get('notice/history', {building: key, from: `now-${n}d`, to: new Date(now().getTime() + 60000).toISOString()}, place.signal);
		if (!rows.length) return empty(t('alarms.quiet'));
		// what people did to an alarm names it as what happened to it does
		const of = new Map(rows.filter((r) => r.alarm_name).map((r) => [r.alarm_point_id, r]));
		return table([
			{head: t('time'), cell: (r) => f.moments(r.time, zone)},
			{head: t('alarms.what'), cell: (r) => word('transition', r.transition)},
			{head: t('alarms.level'), cell: (r) => { const n = r.level || of.get(r.alarm_point_id)?.level; return n ? level(n) : ''; }},
			{head: t('alarms.alarm'), whole: true, cell: (r) => [h('b', {}, r.alarm_name || of.get(r.alarm_point_id)?.alarm_name || r.alarm_point_id), h('div', {class: 'id'}, [r.text, r.reason].filter(Boolean).join(' · '))]},
			{head: t('by'), cell: (r) => r.by ?? ''},
		], rows.reverse().slice(0, 500), {name: t('alarms.history')});
	});
	const range = h('select', {'aria-label': t('alarms.days'), on: {change: (e) => draw(Number(e.target.value))}},
		[1, 7, 31, 366].map((n) => h('option', {value: String(n), selected: n === 7}, f.span(n * 1440))));
	replace(panel, h('div', {class: 'card'}, h('div', {class: 'row'}, range), box));
	await draw(7);
	place.leave(live.on('alarm', (e) => { if (e.building === key && !e.snapshot) draw(Number(range.value)); }));
}

async function notices(place, panel) {
	const {key, zone} = place.building;
	const box = h('div', {});
	const draw = () => into(box, async () => {
		const rows = await get('notice/notices', {building: key}, place.signal);
		if (!rows.length) return empty(t('alarms.unsent'));
		return table([
			{head: t('time'), cell: (r) => f.moments(r.time ?? r.made ?? r.at, zone)},
			{head: t('alarms.what'), whole: true, cell: (r) => [h('b', {}, r.title ?? ''), h('div', {class: 'id'}, r.text ?? r.body ?? '')]},
			{head: t('alarms.to'), cell: (r) => r.to ?? r.endpoint ?? ''},
			{head: t('alarms.state'), cell: (r) => r.status ?? r.state ?? ''},
		], rows.slice(0, 300), {name: t('alarms.notices')});
	});
	const title = h('input', {maxlength: 120, size: 28}), text = h('input', {maxlength: 500, size: 44});
	replace(panel, h('div', {class: 'card'}, can('operator') && h('form', {class: 'row', on: {submit: async (e) => {
		e.preventDefault();
		if (!title.value.trim()) { title.focus(); return; }
		await act(() => post('notice/send', {building: key, title: title.value, text: text.value}), t('alarms.notice.sent'));
		draw();
	}}}, h('label', {}, t('alarms.notice.title'), title), h('label', {}, t('alarms.notice.text'), text), h('button', {type: 'submit'}, t('alarms.notice.send'))), box));
	await draw();
}

export async function show(box, place) {
	let over = new AbortController();
	place.leave(() => over.abort());
	const tab = (work) => (panel) => {
		over.abort();
		over = new AbortController();
		const {signal} = over;
		return into(panel, () => work({...place, signal, leave: (g) => signal.addEventListener('abort', g),
			every: (ms, g) => { const timer = setInterval(() => { if (!document.hidden) g(); }, ms); signal.addEventListener('abort', () => clearInterval(timer)); }}, panel));
	};
	const [list, panel] = tabs(t('alarms.title'), [
		['standing', t('alarms.standing'), tab(standing)], ['history', t('alarms.history'), tab(history)], ['notices', t('alarms.notices'), tab(notices)],
	], place.query.get('tab') ?? 'standing', (id) => place.keep(id === 'standing' ? null : {tab: id}));
	replace(box, h('div', {class: 'head'}, h('h1', {}, t('alarms.title')), h('span', {class: 'sub'}, place.building.name), h('span', {class: 'grow'}), list), panel);
}
