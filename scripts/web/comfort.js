// The psychrometric chart: where each zone is now, and where it should be (PMV within one half, ASHRAE 55).

import {h, replace, s} from './dom.js';
import {get} from './api.js';
import {t} from './i18n.js';
import * as f from './format.js';
import {swatch} from './plot.js';
import {empty, into, table, tag} from './parts.js';

const PRESSURE = 101325; // Pa

// Saturation pressure over water, Pa (ASHRAE Handbook, Fundamentals, ch. 1 eq. 6), and humidity ratio, kg/kg (eq. 20).
function saturation(celsius) {
	const k = celsius + 273.15;
	return Math.exp(-5.8002206e3 / k + 1.3914993 - 4.8640239e-2 * k + 4.1764768e-5 * k * k - 1.4452093e-8 * k ** 3 + 6.5459673 * Math.log(k));
}
export function ratio(celsius, humidity) {
	const p = humidity / 100 * saturation(celsius);
	return 0.621945 * p / (PRESSURE - p);
}

const W = 600, H = 436, L = 12, R = 46, B = 36, T = 46, LOW = 14, HIGH = 34, TOP = 0.024;
const x = (celsius) => L + (celsius - LOW) / (HIGH - LOW) * (W - L - R);
const y = (w) => H - B - w / TOP * (H - B - T);
const path = (points) => points.map(([a, b], i) => `${i ? 'L' : 'M'}${a.toFixed(1)} ${b.toFixed(1)}`).join('');

function humidityLine(rh) {
	const points = [];
	for (let c = LOW; c <= HIGH; c += 0.5) if (ratio(c, rh) <= TOP) points.push([x(c), y(ratio(c, rh))]);
	return points;
}

// Is the point inside the outline? The crossings of a ray, counted.
function inside(outline, air, w) {
	let odd = false;
	for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
		const a = outline[i], b = outline[j];
		if ((a.ratio > w) !== (b.ratio > w) && air < (b.air - a.air) * (w - a.ratio) / (b.ratio - a.ratio) + a.air) odd = !odd;
	}
	return odd;
}

function chart(zones) {
	const lines = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100];
	return s('svg', {class: 'chart', viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': t('comfort.chart')},
		[16, 18, 20, 22, 24, 26, 28, 30, 32].map((c) => [s('path', {class: 'grid', d: `M${x(c)} ${y(0)}V${Math.max(T, y(ratio(c, 100)))}`}), s('text', {x: x(c), y: H - B + 16, 'text-anchor': 'middle'}, String(c))]),
		[0, 5, 10, 15, 20].map((g) => s('text', {x: W - R + 8, y: y(g / 1000) + 4}, String(g))),
		lines.map((rh) => {
			const points = humidityLine(rh);
			const [tx, ty] = points.at(-1);
			return [s('path', {class: rh === 100 ? 'saturation' : 'grid', d: path(points)}), rh % 20 === 0 && s('text', {x: tx - 4, y: ty - 4, 'text-anchor': 'end'}, `${rh} %`)];
		}),
		s('path', {class: 'axis', d: `M${L} ${y(0)}H${W - R}V${T}`}),
		s('text', {x: (W - R) / 2, y: H - 4, 'text-anchor': 'middle'}, t('comfort.x')),
		s('text', {x: W - 4, y: 12, 'text-anchor': 'end'}, t('comfort.y')),
		zones.map((z) => z.outline.length > 2 && s('path', {class: 'outline', style: {'--swatch': `var(--${z.swatch})`}, d: `${path(z.outline.map((p) => [x(p.air), y(p.ratio)]))}Z`}, s('title', {}, z.id))),
		zones.map((z, i) => z.air !== null && z.ratio !== null && [
			s('circle', {class: 'spot', style: {'--swatch': `var(--${z.swatch})`}, cx: Math.max(L, Math.min(W - R, x(z.air))), cy: Math.max(T, y(z.ratio)), r: 7}, s('title', {}, z.id)),
			s('text', {class: 'ink', x: Math.max(L, Math.min(W - R, x(z.air))) + (i % 2 ? -11 : 11), y: Math.max(T, y(z.ratio)) + 4, 'text-anchor': i % 2 ? 'end' : 'start'}, z.name)]));
}

// zones as nbms-sched judged them, with the outline that their rule gives.
function gather(zones, outline) {
	return zones.map((z, i) => {
		const status = typeof z.status === 'object' && z.status !== null ? z.status : {};
		const air = status.temperature ?? status.inputs?.air ?? null;
		const rh = status.humidity ?? status.inputs?.humidity ?? null;
		const mine = outline.filter((p) => p.zone_id === z.zone_id);
		const w = air !== null && rh !== null ? ratio(air, rh) : null;
		return {id: z.zone_id, name: z.name ?? z.zone_id, swatch: swatch(i), air, rh, ratio: w, outline: mine, rule: mine[0],
			pmv: status.pmv ?? null, good: w === null || mine.length < 3 ? null : inside(mine, air, w)};
	});
}

export async function show(box, place) {
	const {key, name} = place.building;
	const body = h('div', {class: 'stack'});
	const draw = () => into(body, async () => {
		const [zones, outline] = await Promise.all([get('userzone/zones', {building: key}, place.signal), get('userzone/comfort', {building: key}, place.signal)]);
		if (!zones.length) return h('div', {class: 'card'}, empty(t('comfort.none')));
		const all = gather(zones, outline);
		return h('div', {class: 'two'}, h('div', {class: 'card'}, chart(all)), h('div', {class: 'card'}, table([
			{head: t('comfort.zone'), cell: (z) => h('span', {class: 'legend'}, h('span', {}, h('i', {style: {'--swatch': `var(--${z.swatch})`}}), h('b', {}, z.name)), z.rule && h('div', {class: 'id'}, t('comfort.met', {met: f.number(z.rule.met, 1), clo: f.number(z.rule.clo, 2), v: f.number(z.rule.air_speed, 2)})))},
			{head: t('comfort.t'), right: true, cell: (z) => (z.air === null ? '–' : `${f.number(z.air, 1)} °C`)},
			{head: t('comfort.rh'), right: true, cell: (z) => (z.rh === null ? '–' : `${f.number(z.rh, 0)} %`)},
			{head: 'PMV', right: true, cell: (z) => f.number(z.pmv, 2)},
			{head: t('comfort.state'), cell: (z) => (z.good === null ? tag('unknown', t('comfort.unknown')) : tag(z.good ? 'good' : 'late', t(z.good ? 'comfort.inside' : 'comfort.outside')))},
		], all, {name: t('comfort.title')})));
	});
	replace(box, h('div', {class: 'head'}, h('h1', {}, t('comfort.title')), h('span', {class: 'sub'}, name)), body);
	await draw();
	place.every(60000, draw);
}
