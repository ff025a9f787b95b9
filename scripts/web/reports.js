// A day or a month of a building on one page, and the same as files.

import {h, note, replace} from './dom.js';
import {get, download} from './api.js';
import {t} from './i18n.js';
import * as f from './format.js';
import {now} from './site.js';
import {choice, empty, into, table} from './parts.js';

export async function show(box, place) {
	const {key, zone, name, currency} = place.building;
	let kind = place.query.get('kind') ?? 'daily';
	let at = place.query.get('at') ?? f.isoDay(now(), zone);
	const body = h('div', {class: 'card'});
	const field = h('input', {'aria-label': t('time'), on: {change: () => { if (field.value) { at = field.value; draw(); } }}});
	const file = (form) => h('button', {type: 'button', on: {click: () => download(`report/${kind}`, {building: key, at: field.value, format: form}, `${key}-${field.value}.${form}`)
		.catch((e) => note(e.message, 'error'))}}, t(`reports.${form}`));
	const draw = () => {
		field.type = kind === 'daily' ? 'date' : 'month';
		field.value = kind === 'daily' ? `${at}-01`.slice(0, 10) : at.slice(0, 7);
		place.keep({kind, at: field.value});
		return into(body, async () => {
			const answer = await get(`report/${kind}`, {building: key, at: field.value}, place.signal);
			const rows = Array.isArray(answer) ? answer : answer.rows ?? answer.meters ?? [];
			if (!rows.length) return empty();
			const number = (x, digits) => (typeof x === 'number' ? f.number(x, digits) : '–');
			return [table([
				{head: t('from'), cell: (r) => (r.from ? (kind === 'daily' ? f.moment(r.from, zone) : f.day(r.from, zone)) : r.day ?? '')},
				{head: t('reports.meter'), whole: true, cell: (r) => r.name ?? r.point_id ?? r.what ?? ''},
				{head: t('reports.energy'), right: true, cell: (r) => `${number(r.usage_kwh, 1)} kWh`},
				{head: t('reports.peak'), right: true, cell: (r) => [`${number(r.demand_kw, 1)} kW`, r.demand_at && h('div', {class: 'small muted'}, t('reports.at', {time: f.clock(r.demand_at, zone)}))]},
				{head: t('reports.cost'), right: true, cell: (r) => f.money(r.charge, r.currency ?? currency)},
			], rows, {name: t('reports.title')}), h('p', {class: 'small muted'}, t('reports.estimate'))];
		});
	};
	replace(box, h('div', {class: 'head'}, h('h1', {}, t('reports.title')), h('span', {class: 'sub'}, name)),
		h('div', {class: 'row'}, choice(t('reports.title'), [['daily', t('reports.daily')], ['monthly', t('reports.monthly')]], kind, (v) => { kind = v; draw(); }), field, file('html'), file('csv')), body);
	await draw();
}
