// How points went: chosen by search, any range, as many values as the screen can show, each with its lowest and highest.

import {h, note, replace, say, settle} from './dom.js';
import {get, download} from './api.js';
import {t} from './i18n.js';
import * as f from './format.js';
import {now, points as known} from './site.js';
import {draw as plot, midnight} from './plot.js';
import {choice, days, empty, into, picker} from './parts.js';

const MOST = 8; // series on one picture

// What was looked at last, building by building: the view opens with it.
const LAST = 'nbms-trends';
const kept = () => { try { return JSON.parse(localStorage.getItem(LAST)) ?? {}; } catch { return {}; } };
const last = (key, all) => (kept()[key] ?? []).filter((id) => all.some((p) => p.point_id === id));
const remember = (key, chosen) => localStorage.setItem(LAST, JSON.stringify({...kept(), [key]: chosen}));

// Where nobody has looked yet: what the building draws and how warm it is outside, or whatever it measures.
function first(all) {
	const like = (...words) => words.map((one) => all.find((p) => one.test(p.point_id))).find(Boolean);
	const chosen = [like(/MainMeter.*#Demand$/, /#Demand$/), like(/Outdoor.*Temp/, /Outside.*Temp/)].filter(Boolean);
	return (chosen.length ? chosen : all.slice(0, 1)).map((p) => p.point_id);
}

const iso = (ms) => new Date(ms).toISOString().replace('.000Z', 'Z');

// The values of one point between two instants, at most about so many, chosen so that the line looks the same.
async function values(key, point, from, to, most, signal) {
	const rows = await get('individual/point', {building: key, point, attr: 'M_Value', from: iso(from), to: iso(to), max_points: most}, signal);
	return rows.map((r) => [Date.parse(r.time), r.value]);
}

// Meters have more than their register: what nbms-store derives of it.
function withDerived(points) {
	return points.flatMap((p) => (p.class === 'Energy' ? [p, ...[['#Usage', 'kWh'], ['#Demand', 'kW'], ['#Charge', '']]
		.map(([what, unit]) => ({...p, point_id: p.point_id + what, name: `${p.name ?? p.point_id} ${what}`, unit}))] : [p]));
}

// Numbers; where values are missing for long the line ends, with a NaN: longer than three times what lies between them
// usually.
function broken(values_) {
	const rows = values_.map(([x, v]) => [x, typeof v === 'boolean' ? Number(v) : typeof v === 'number' ? v : NaN]);
	const steps = rows.slice(1).map((r, i) => r[0] - rows[i][0]).sort((a, b) => a - b);
	const usual = Math.max(900000, steps[Math.floor(steps.length * 0.9)] ?? 0);
	return rows.flatMap((r, i) => (i > 0 && r[0] - rows[i - 1][0] > 3 * usual ? [[rows[i - 1][0] + 1, NaN], r] : [r]));
}

export async function show(box, place) {
	const {key, zone, name} = place.building;
	const all = withDerived((await known(key)).filter((p) => !p.deleted));
	const of = (id) => all.find((p) => p.point_id === id) ?? {point_id: id, name: id};
	let chosen = place.query.getAll('p').slice(0, MOST);
	if (!chosen.length) chosen = last(key, all);
	if (!chosen.length) chosen = first(all);
	const today = f.isoDay(now(), zone);
	let from = place.query.get('from') ?? f.dayPlus(today, -6);
	let to = place.query.get('to') ?? today; // included
	let zoom = null; // instants, within the range
	let work = new AbortController();
	place.leave(() => work.abort());

	const chart = h('div', {class: 'stack', id: 'chart'});
	const said = h('p', {class: 'small muted'});
	const range = h('div', {class: 'row end'});
	const ends = () => [midnight(from, zone), midnight(f.dayPlus(to, 1), zone)];
	const keep = () => {
		const query = new URLSearchParams({from, to});
		for (const p of chosen) query.append('p', p);
		place.keep(query);
		remember(key, chosen);
	};

	// Zooming asks again for what is now on the screen: finer values of a smaller piece.
	const load = async () => {
		work.abort();
		work = new AbortController();
		const {signal} = work;
		csv.disabled = !chosen.length;
		if (!chosen.length) { replace(chart, empty(t(all.length ? 'trends.none' : 'trends.nopoints'))); replace(said); return; }
		const [a, b] = zoom ?? ends();
		const most = Math.max(200, Math.min(2000, Math.round(chart.clientWidth || 800)));
		chart.setAttribute('aria-busy', 'true');
		await into(chart, async () => {
			const series = await Promise.all(chosen.map((p) => values(key, p, a, b, most, signal)));
			const began = performance.now();
			picture(series, [a, b]);
			performance.measure('nbms-plot', {start: began, end: performance.now()});
		});
		chart.removeAttribute('aria-busy');
	};
	const picture = (all_, span) => {
		const series = all_.map(broken);
		const times = [...new Set(series.flatMap((rows) => rows.map((r) => r[0])))].sort((x, y) => x - y);
		if (!times.length) { replace(chart, h('div', {class: 'legend'}, chosen.map((id) => h('span', {}, of(id).name || id, remove(id)))), empty(t('trends.nothing'))); return; }
		const at = new Map(times.map((x, i) => [x, i]));
		const rows = times.map((x) => [new Date(x), ...series.map(() => null)]);
		series.forEach((one, i) => { for (const [x, v] of one) rows[at.get(x)][i + 1] = v; });
		plot(chart, {
			series: chosen.map((id) => ({label: of(id).name || id, unit: of(id).unit ?? ''})), rows, zone, range: span, join: true,
			beside: (i) => remove(chosen[i]), name: t('trends.chart', {points: chosen.map((id) => of(id).name || id).join(', ')}),
			zoomed: settle(200, (x, y) => {
				const [low, high] = ends();
				zoom = x <= low && y >= high ? null : [Math.round(x), Math.round(y)];
				load();
			}),
		});
		replace(said, `${f.moment(span[0], zone)} – ${f.moment(span[1], zone)}`);
		say(t('trends.chart', {points: chosen.map((id) => of(id).name || id).join(', ')}));
	};
	const remove = (id) => h('button', {class: 'quiet slight', type: 'button', 'aria-label': t('trends.remove', {point: of(id).name || id}), on: {click: () => {
		chosen = chosen.filter((p) => p !== id);
		change();
	}}}, '×');
	const drawRange = () => replace(range, days(from, to, (x, y) => { from = x; to = y; zoom = null; change(); }),
		choice(t('trends.range'), [[1, t('trends.day')], [7, t('trends.week')], [31, t('trends.month')], [366, t('trends.year')]],
			Math.round((Date.parse(to) - Date.parse(from)) / 86400000) + 1, (n) => { from = f.dayPlus(to, 1 - n); zoom = null; drawRange(); change(); }));
	const change = () => { keep(); load(); };
	const csv = h('button', {type: 'button', on: {click: async () => {
		const [a, b] = zoom ?? ends();
		try {
			for (const p of chosen) {
				await download('individual/point', {building: key, point: p, attr: 'M_Value', from: iso(a), to: iso(b), format: 'csv'}, `${key} ${p} ${from}.csv`.replace(/[^\w.#-]+/g, '_'));
			}
		} catch (e) { note(e.message, 'error'); }
	}}}, t('trends.csv'));
	replace(box, h('div', {class: 'head'}, h('h1', {}, t('trends.title')), h('span', {class: 'sub'}, name)),
		h('div', {class: 'card'},
			h('div', {class: 'row end'}, h('div', {class: 'field'}, h('span', {class: 'small muted', 'aria-hidden': 'true'}, t('trends.pick')), picker(t('trends.pick'), () => all.filter((p) => !chosen.includes(p.point_id)), (p) => {
				if (chosen.length >= MOST) { note(t('trends.most', {n: MOST})); return; }
				chosen.push(p.point_id);
				change();
			})), range, csv),
			chart, said, h('p', {class: 'small muted'}, t('trends.help'))));
	drawRange();
	change();
}

