// All buildings at a glance: is it reporting, what is wrong, what does today cost, what happens next.

import {h, replace, s, settle} from './dom.js';
import {get} from './api.js';
import {t, word} from './i18n.js';
import * as f from './format.js';
import * as live from './live.js';
import {building, hourly, now, site} from './site.js';
import {empty, facts, into, tag} from './parts.js';

// Bars of the day's hours, on those of a week before.
function hours(rows, before, zone) {
	const width = 400, height = 80, base = height - 18;
	const top = Math.max(1, ...[...rows, ...before].map((r) => r.usage_kwh ?? 0));
	const current = Math.floor(f.minuteOf(now(), zone) / 60);
	const today = f.isoDay(now(), zone);
	const bar = (r, kind) => {
		const hour = Math.floor(f.minuteOf(r.from, zone) / 60);
		const tall = base * (r.usage_kwh ?? 0) / top;
		const open = kind === '' && hour === current && f.isoDay(r.from, zone) === today;
		return s('rect', {class: `bar ${kind} ${open ? 'now' : ''}`, x: hour * width / 24 + (kind ? 1 : 4), width: width / 24 - (kind ? 2 : 8), y: base - tall, height: tall, rx: 1.5},
			s('title', {}, `${f.clock(r.from, zone)}: ${f.number(r.usage_kwh, 1)} kWh`));
	};
	return s('svg', {class: 'hourly', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `${t('overview.hours')}: ${f.number(top, 0)}`},
		before.map((r) => bar(r, 'old')), rows.map((r) => bar(r, '')),
		s('path', {class: 'axis', d: `M0 ${base + .5}H${width}`}),
		[0, 6, 12, 18].map((hour) => s('text', {x: hour * width / 24 + (hour ? 0 : 1), y: height - 4, 'text-anchor': hour ? 'middle' : 'start'}, `${String(hour).padStart(2, '0')}`)));
}

function sum(rows) {
	return rows.reduce((all, r) => all + (r.usage_kwh ?? 0), 0);
}

// How many of each level stand, and how many nobody has taken yet.
function counts(row) {
	const n = [1, 2, 3, 4].map((one) => [one, row.alarms[`level_${one}`]]).filter(([, count]) => count > 0);
	return n.length === 0 ? tag('good', t('overview.quiet'))
		: h('span', {class: 'row'}, n.map(([one, count]) => h('span', {class: `tag level-${one}`}, `${f.number(count)} ${word('level', one)}`)),
			row.unacknowledged > 0 && h('span', {class: 'small muted'}, t('overview.unacknowledged', {n: f.number(row.unacknowledged)})));
}

// Of a hundred buildings only those on the screen are asked about.
function whenSeen(node, work) {
	const eye = new IntersectionObserver((seen) => {
		if (seen.some((one) => one.isIntersecting)) { eye.disconnect(); work(); }
	}, {rootMargin: '200px'});
	eye.observe(node);
}

function card(b, row, signal) {
	const {zone} = b;
	const picture = h('div', {class: 'picture'});
	const against = h('small', {});
	const metered = row.energy_today_kwh !== null || row.energy_yesterday_kwh !== null;
	if (metered) whenSeen(picture, () => into(picture, async () => {
		const today = f.isoDay(now(), zone);
		const [rows, before] = await Promise.all([
			hourly(b.key, today, f.dayPlus(today, 1), signal), hourly(b.key, f.dayPlus(today, -7), f.dayPlus(today, -6), signal)]);
		if (!rows.length && !before.length) return empty();
		const upTo = f.minuteOf(now(), zone);
		const same = sum(before.filter((r) => f.minuteOf(r.from, zone) < upTo));
		if (same > 0 && sum(rows) > 0) replace(against, t('overview.against', {percent: f.percent(sum(rows) / same)}));
		return [h('div', {class: 'head'}, h('h3', {}, t('overview.hours')), h('span', {class: 'legend'}, [['accent', 'today'], ['line-strong', 'forecast.week']].map(([name, key]) => h('span', {}, h('i', {style: {'--swatch': `var(--${name})`}}), t(key))))), hours(rows, before, zone)];
	}));
	const next = row.next_change;
	return h('article', {class: 'card', 'data-building': b.key},
		h('div', {class: 'head'}, h('h2', {}, h('a', {href: `#/building/${b.key}`}, b.name)), h('span', {class: 'grow'}),
			tag(row.state ?? 'unknown', word('state', row.state ?? 'unknown'))),
		h('div', {class: 'row'}, h('a', {href: `#/alarms/${b.key}`, 'aria-label': `${t('nav.alarms')}, ${b.name}`}, t('nav.alarms')), counts(row)),
		facts([
			[t('overview.energy'), row.energy_today_kwh === null ? '–' : `${f.short(row.energy_today_kwh)} kWh`, row.energy_today_kwh === null ? t(metered ? 'overview.notyet' : 'overview.unmetered') : against],
			[t('overview.cost'), f.money(row.cost_today, row.currency ?? b.currency), typeof row.price === 'number' && `${t('overview.price')} ${f.money(row.price, row.currency ?? b.currency)}/kWh`],
			[t('overview.peak'), row.peak_kw === null ? '–' : `${f.short(row.peak_kw)} kW`, row.peak_at && f.clock(row.peak_at, zone)],
			[t('overview.next'), next ? f.soon(next.at, zone, now()) : '–', next ? `${next.schedule_id}: ${f.state(next.value)}` : t('overview.next.none')],
		]),
		picture,
		h('p', {class: 'small muted'}, `${t('overview.last')}: `, row.last ? `${f.when(row.last, zone, now())} (${f.age(row.last, now())})` : '–'));
}

export async function show(box, place) {
	const list = h('div', {class: 'cards'});
	const draw = async () => {
		const rows = await get('main/overview', {}, place.signal);
		const cards = rows.map((row) => {
			const b = building(row.building) ?? building(`${site.customer}_${row.building}`);
			return b && card(b, row, place.signal);
		});
		replace(list, cards.length ? cards : empty());
	};
	await draw();
	const n = site.buildings.length;
	replace(box, h('div', {class: 'head'}, h('h1', {}, t('overview.title')), h('span', {class: 'sub'}, t(n === 1 ? 'overview.count.1' : 'overview.count', {n}))), list);
	place.every(60000, () => draw().catch(() => {}));
	const soon = settle(1000, () => { if (!place.signal.aborted) draw().catch(() => {}); });
	place.leave(live.on('alarm', (e) => { if (!e.snapshot) soon(); }));
}
