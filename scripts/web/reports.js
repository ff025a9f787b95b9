// A day or a month of a building on one page, and the same as files.

import {h, note, replace, s} from './dom.js';
import {get, download} from './api.js';
import {t} from './i18n.js';
import * as f from './format.js';
import {now} from './site.js';
import {choice, empty, facts, into, level, table} from './parts.js';

export async function show(box, place) {
	const {key, zone, name, currency} = place.building;
	let kind = place.query.get('kind') ?? 'daily';
	let at = place.query.get('at') ?? f.dayPlus(f.isoDay(now(), zone), -1); // the last whole day
	const body = h('div', {class: 'stack', id: 'report'});
	const field = h('input', {'aria-label': t('time'), on: {change: () => { if (field.value) { at = field.value; draw(); } }}});
	const file = (form) => h('button', {type: 'button', on: {click: () => download(`report/${kind}`, {building: key, at: field.value, format: form}, `${key}-${field.value}.${form}`)
		.catch((e) => note(e.message, 'error'))}}, t(`reports.${form}`));
	const draw = () => {
		field.type = kind === 'daily' ? 'date' : 'month';
		field.value = kind === 'daily' ? `${at}-01`.slice(0, 10) : at.slice(0, 7);
		place.keep({kind, at: field.value});
		return into(body, async () => {
			const rows = await get(`report/${kind}`, {building: key, at: field.value}, place.signal);
			const of = (what) => rows.filter((r) => r.what === what);
			if (!rows.length) return h('div', {class: 'card'}, empty(t('reports.none', {time: named()})));
			return [...of('total').map((r) => total(r)), of('interval').length > 0 && intervals(of('interval')), of('meter').length > 0 && meters(of('meter')),
				of('alarm').length > 0 && alarms(of('alarm')), of('zone').length > 0 && zones(of('zone'))];
		});
	};
	const named = () => { const noon = `${at}-01`.slice(0, 10) + 'T12:00:00Z'; return kind === 'daily' ? f.dayLong(noon, 'UTC') : f.month(noon, 'UTC'); };
	const step = (n) => {
		if (kind === 'daily') at = f.dayPlus(`${at}-01`.slice(0, 10), n);
		else at = f.dayPlus(`${at.slice(0, 7)}-15`, n * 30).slice(0, 7);
		draw();
	};
	const money = (r) => f.money(r.charge, r.currency ?? currency);
	const total = (r) => h('section', {class: 'card'}, facts([[t('reports.energy'), `${f.short(r.usage_kwh)} kWh`], [t('reports.cost'), money(r)],
		[t('reports.peak'), `${f.short(r.demand_kw)} kW`, r.demand_at && f.moment(r.demand_at, zone)]]), h('p', {class: 'small muted'}, t('reports.estimate')));
	// one bar an hour, or a day
	const intervals = (rows) => {
		const top = Math.max(1, ...rows.map((r) => r.usage_kwh ?? 0));
		const W = 900, H = 170, base = H - 28, wide = W / rows.length;
		const text = (r) => (kind === 'daily' ? f.clock(r.from, zone).slice(0, 2) : String(Number(f.isoDay(r.from, zone).slice(8))));
		return h('section', {class: 'card'}, h('h2', {}, t(kind === 'daily' ? 'overview.hours' : 'reports.days')), s('svg', {class: 'bars', viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': t('reports.energy')},
			rows.map((r, i) => {
				const tall = base * (r.usage_kwh ?? 0) / top;
				return [s('rect', {class: 'bar', x: i * wide + wide * 0.12, width: wide * 0.76, y: base - tall, height: tall, rx: 2}, s('title', {}, `${text(r)}: ${f.number(r.usage_kwh, 1)} kWh, ${money(r)}`)),
					(kind === 'daily' ? i % 3 === 0 : i % 2 === 0) && s('text', {x: (i + 0.5) * wide, y: H - 6, 'text-anchor': 'middle'}, text(r))];
			}), s('path', {class: 'axis', d: `M0 ${base + 0.5}H${W}`})));
	};
	const meters = (rows) => h('section', {class: 'card'}, table([
		{head: t('reports.meter'), whole: true, cell: (r) => [r.name ?? r.point_id, h('div', {class: 'id'}, r.point_id)]},
		{head: t('reports.energy'), right: true, cell: (r) => `${f.number(r.usage_kwh, 1)} kWh`},
		{head: t('reports.peak'), right: true, cell: (r) => [`${f.number(r.demand_kw, 1)} kW`, r.demand_at && h('span', {class: 'small muted'}, ` ${t('reports.at', {time: kind === 'daily' ? f.clock(r.demand_at, zone) : f.moment(r.demand_at, zone)})}`)]},
		{head: t('reports.cost'), right: true, cell: money},
	], rows, {name: t('reports.meter')}));
	const alarms = (rows) => h('section', {class: 'card'}, h('h2', {}, t('nav.alarms')), table([
		{head: t('alarms.level'), cell: (r) => (r.level ? level(r.level) : '')}, {head: t('alarms.alarm'), cell: (r) => r.name ?? r.point_id ?? ''},
		{head: t('reports.count'), right: true, cell: (r) => f.number(r.count)},
	], rows, {name: t('nav.alarms'), fold: false}));
	const zones = (rows) => h('section', {class: 'card'}, h('h2', {}, t('nav.comfort')), table([
		{head: t('comfort.zone'), cell: (r) => r.name ?? r.point_id}, {head: t('comfort.t'), right: true, cell: (r) => `${f.number(r.mean, 1)} °C`},
		{head: t('reports.range'), right: true, cell: (r) => `${f.number(r.min, 1)} – ${f.number(r.max, 1)} °C`}, {head: 'PMV', right: true, cell: (r) => f.number(r.pmv, 2)},
	], rows, {name: t('nav.comfort'), fold: false}));
	replace(box, h('div', {class: 'head'}, h('h1', {}, t('reports.title')), h('span', {class: 'sub'}, name)),
		h('div', {class: 'row'}, choice(t('reports.title'), [['daily', t('reports.daily')], ['monthly', t('reports.monthly')]], kind, (v) => { kind = v; draw(); }),
			h('div', {class: 'row'}, h('button', {type: 'button', 'aria-label': t('earlier'), on: {click: () => step(-1)}}, '←'), field, h('button', {type: 'button', 'aria-label': t('later'), on: {click: () => step(1)}}, '→')),
			h('div', {class: 'row'}, file('html'), file('csv'))), body);
	await draw();
}
