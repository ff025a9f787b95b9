// What the building will use against what it used, and what the optimiser makes of the coming day: money saved, and why.

import {h, note, replace} from './dom.js';
import {get} from './api.js';
import {t, word} from './i18n.js';
import * as f from './format.js';
import * as live from './live.js';
import {can, hourly} from './site.js';
import {draw as plot} from './plot.js';
import {empty, facts, into, outcome, table} from './parts.js';

// Hours of {from, kwh, low, high, week_ago} as the newest learning result has them.
async function curve(place, box) {
	const {key, zone} = place.building;
	const rows = await get('ai/forecast', {building: key}, place.signal);
	if (!rows.length) { replace(box, empty(t('forecast.none'))); return; }
	const first = rows[0].from ?? rows[0].time;
	const last = rows.at(-1).to ?? rows.at(-1).from ?? rows.at(-1).time;
	const before = new Date(Date.parse(first) - 86400000).toISOString();
	const metered = await hourly(key, before, new Date(Date.parse(last) + 3600000).toISOString(), place.signal);
	const whole = Math.max(0, ...metered.map((r) => r.intervals)); // an hour that is not over yet is no miss of the forecast
	while (metered.length && metered.at(-1).intervals < whole) metered.pop();
	const actual = new Map(metered.map((r) => [Date.parse(r.from), r.usage_kwh]));
	const byTime = new Map();
	const at = (x) => { if (!byTime.has(x)) byTime.set(x, [new Date(x), [null, null, null], [null, null, null], [null, null, null]]); return byTime.get(x); };
	for (const [x, v] of actual) at(x)[2] = [v, v, v];
	let misses = 0, sum = 0, n = 0;
	for (const r of rows) {
		const row = at(Date.parse(r.from ?? r.time));
		row[1] = [r.low ?? r.kwh, r.kwh, r.high ?? r.kwh];
		if (typeof r.week_ago === 'number') row[3] = [r.week_ago, r.week_ago, r.week_ago];
		const real = actual.get(Date.parse(r.from ?? r.time));
		if (real !== undefined) { misses += Math.abs(real - r.kwh); sum += real; n++; }
	}
	plot(box, {
		rows: [...byTime.values()].sort((a, b) => a[0] - b[0]), band: true, zone, zero: true, name: t('forecast.title'),
		series: [{label: t('forecast.forecast'), unit: 'kWh', swatch: 'c1'}, {label: t('forecast.actual'), unit: 'kWh', swatch: 'c2'}, {label: t('forecast.week'), unit: 'kWh', dashed: true, swatch: 'line-strong'}],
	});
	box.append(h('p', {class: 'small muted'}, [rows.some((r) => typeof r.low === 'number') && t('forecast.band'), rows[0].made && t('forecast.made', {time: f.moment(rows[0].made, zone)}),
		n > 0 && t('forecast.error', {percent: f.percent(misses / sum, 1), n: f.number(n)})].filter(Boolean).join(' · ')));
}

// The day of one unit as a bar: what it does, to which setpoint, why.
function unitBar(unit, from, to, zone) {
	const share = (x) => `${(100 * (x - from) / (to - from)).toFixed(3)}%`;
	return h('div', {class: 'bar plain'}, unit.intervals.map((i) => {
		const a = Date.parse(i.from), b = Date.parse(i.to);
		const text = i.on ? `${word('mode', i.mode)} ${f.number(i.setpoint, 1)} °C` : t('off');
		return h('span', {class: `part ${i.on ? i.mode : 'off'}`, style: {'--left': share(a), '--width': `${(100 * (b - a) / (to - from)).toFixed(3)}%`},
			title: `${f.clock(a, zone)}–${f.clock(b, zone)} ${text}, ${f.number(i.kwh, 1)} kWh: ${word('why', i.reason)}`}, b - a >= 5400000 ? text : '');
	}));
}

async function plan(place, box) {
	const {key, zone, currency} = place.building;
	const answer = await get('ai/optimising', {building: key}, place.signal);
	const result = Array.isArray(answer) ? answer[0] : answer;
	const r = result?.result ?? result;
	if (!r?.standing) { replace(box, empty(t('forecast.noplan'))); return; }
	const units = (r.units ?? []).filter((u) => u.planned);
	const from = Date.parse(r.from), to = Date.parse(r.to);
	const money = (x) => f.money(x, r.currency ?? currency);
	const column = (name, of) => [name, of.cost, of.kwh, of.peak_kw, of.comfort_kelvin_hours, of.starts];
	// the day of a plan begins with any hour
	const hours = [];
	for (let at = from - f.minuteOf(from, zone) % 180 * 60000; at < to; at += 10800000) {
		if (at > from) hours.push(h('span', {style: {left: `${100 * (at - from) / (to - from)}%`}}, f.clock(at, zone)));
	}
	const spent = r.saved?.cost < 0; // the plan buys comfort
	const rows = units.flatMap((u) => u.intervals.map((i) => ({unit: u.unit, ...i})));
	replace(box,
		h('div', {class: 'row'}, h('div', {}, h('h3', {}, `${t(spent ? 'forecast.spent' : 'forecast.saved')}, ${f.dayLong(from, zone)}`), h('p', {class: `saved ${spent ? 'not' : ''}`}, money(Math.abs(r.saved?.cost))), result.reason && result.reason !== 'ok' && h('p', {class: 'muted'}, outcome(result.reason, zone)))),
		facts([[t('forecast.kwh'), `${f.number(r.saved?.kwh, 1)} kWh`], [t('forecast.peak'), `${f.number(r.saved?.peak_kw, 1)} kW`], [t('forecast.comfort'), `${f.number(r.saved?.comfort_kelvin_hours, 1)} ${t('forecast.kh')}`]]),
		table([{head: '', cell: (x) => x[0]}, {head: t('forecast.cost'), right: true, cell: (x) => money(x[1])}, {head: t('forecast.kwh'), right: true, cell: (x) => `${f.number(x[2], 1)} kWh`},
			{head: t('forecast.peak'), right: true, cell: (x) => `${f.number(x[3], 1)} kW`}, {head: t('forecast.comfort'), right: true, cell: (x) => `${f.number(x[4], 1)} ${t('forecast.kh')}`}],
		[column(t('forecast.standing'), r.standing), column(t('forecast.optimised'), r.optimised)], {name: t('forecast.saved')}),
		h('h3', {}, t('forecast.plan')),
		h('div', {class: 'week'}, h('span', {}), h('div', {class: 'hours', 'aria-hidden': 'true'}, hours),
			units.map((u) => [h('span', {class: 'day'}, f.equipment(u.unit)), unitBar(u, from, to, zone)])),
		h('details', {}, h('summary', {}, `${t('forecast.why')} (${t('forecast.table')})`), table([
			{head: t('unit'), cell: (x) => f.equipment(x.unit)}, {head: t('time'), cell: (x) => `${f.clock(x.from, zone)}–${f.clock(x.to, zone)}`},
			{head: t('building.run'), cell: (x) => (x.on ? `${word('mode', x.mode)} ${f.number(x.setpoint, 1)} °C` : t('off'))},
			{head: t('forecast.kwh'), right: true, cell: (x) => `${f.number(x.kwh, 1)} kWh`}, {head: t('reason'), whole: true, cell: (x) => word('why', x.reason)}], rows)));
}

// What came of the newest tasks, where that was not a plain success.
async function outcomes(place, box) {
	const {key, zone} = place.building;
	const rows = await get('ai/results', {building: key, limit: 10}, place.signal);
	const newest = ['learning', 'optimizing'].map((task) => rows.find((r) => r.task === task))
		.filter((r) => r && (r.status !== 'ok' || (r.task === 'learning' && r.reason && r.reason !== 'ok')));
	replace(box, newest.map((r) => h('p', {class: r.status === 'error' ? 'trouble' : 'muted'}, `${word('task', r.task)}, ${f.moment(r.made, zone)}: ${r.status === 'ok' ? '' : `${word('status', r.status)}: `}${outcome(r.reason, zone)}`)));
	box.hidden = newest.length === 0;
}

export async function show(box, place) {
	const {key, name, zone} = place.building;
	const said = h('section', {class: 'card', id: 'outcomes', hidden: true});
	const chart = h('div', {class: 'stack', id: 'forecast'}), day = h('div', {class: 'stack', id: 'plan'});
	const draw = () => Promise.all([into(chart, () => curve(place, chart)), into(day, () => plan(place, day)), into(said, () => outcomes(place, said))]);
	const ask = h('button', {type: 'button', on: {click: async () => {
		ask.disabled = true;
		try {
			await live.request('optimizing', {building: key});
			note(t('forecast.asked'));
		} catch (e) { note(e.message, 'error'); ask.disabled = false; }
	}}}, t('forecast.ask'));
	replace(box, h('div', {class: 'head'}, h('h1', {}, t('forecast.title')), h('span', {class: 'sub'}, name), h('span', {class: 'grow'}), can('operator') && ask), said,
		h('section', {class: 'card'}, chart), h('section', {class: 'card'}, day));
	place.leave(live.on('result', (e) => {
		note(t('forecast.done', {task: word('task', e.task), status: e.reason && e.reason !== 'ok' ? outcome(e.reason, zone) : word('status', e.status)}), e.status === 'ok' ? 'good' : 'info');
		ask.disabled = false;
		draw();
	}));
	await draw();
}
