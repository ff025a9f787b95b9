// Lines over time or along a number, by dygraphs (a file of the system's, loaded by index.html): drag zooms, shift and drag
// moves; the keys do the same. The legend is ours: nothing of the data is ever put into HTML.

import {colour, h, replace} from './dom.js';
import {t} from './i18n.js';
import * as f from './format.js';

export const swatch = (i) => `c${(i % 6) + 1}`;

function axisTime(zone) {
	return (at, granularity) => {
		const day = 86400000;
		if (granularity >= window.Dygraph.MONTHLY) return f.month(at, zone);
		if (granularity >= window.Dygraph.DAILY || at.getTime() % day === 0) return f.day(at, zone);
		return f.minuteOf(at, zone) === 0 ? f.day(at, zone) : f.clock(at, zone);
	};
}

// dygraphs counts days in the browser's zone; a building has its own. Ticks are made for the building's.
function ticker(zone) {
	return (from, to, pixels, option) => {
		const steps = [300, 900, 1800, 3600, 10800, 21600, 43200].map((s) => s * 1000);
		const room = Math.max(2, Math.floor(pixels / 76));
		const step = steps.find((one) => (to - from) / one <= room);
		const ticks = [];
		const show = option('axisLabelFormatter');
		if (step) {
			const shift = (f.minuteOf(new Date(from), zone) * 60000 + from % 60000) % step;
			for (let at = from - shift; at <= to; at += step) {
				if (at >= from) ticks.push({v: at, label: show(new Date(at), window.Dygraph.HOURLY ?? 9)});
			}
			return ticks;
		}
		const days = Math.max(1, Math.ceil((to - from) / 86400000 / room));
		const stride = [1, 2, 3, 4, 7, 14, 31, 92, 366].find((n) => n >= days) ?? 366;
		let iso = f.isoDay(new Date(from), zone);
		if (stride >= 31) iso = monthOn(iso, 1);
		for (let n = 0; n < 400; n++) {
			const at = midnight(iso, zone);
			if (at > to) break;
			if (at >= from) ticks.push({v: at, label: stride >= 31 ? f.monthShort(at, zone) : f.day(at, zone)});
			iso = stride < 31 ? f.dayPlus(iso, stride) : monthOn(iso, stride < 92 ? 1 : stride < 366 ? 3 : 12);
		}
		return ticks;
	};
}

function monthOn(iso, n) {
	const at = new Date(`${iso.slice(0, 7)}-15T00:00:00Z`);
	at.setUTCMonth(at.getUTCMonth() + n);
	return `${at.toISOString().slice(0, 7)}-01`;
}

// The instant at which that day begins there.
export function midnight(iso, zone) {
	const noon = Date.parse(`${iso}T12:00:00Z`);
	const guess = noon - 43200000;
	const minutes = f.minuteOf(new Date(guess), zone);
	const same = f.isoDay(new Date(guess), zone) === iso;
	return guess + (same ? -minutes : 1440 - minutes) * 60000;
}

/*
 * draw(BOX, {series: [{label, unit, format, dashed, swatch}], rows, band, zone, name, height, xlabel, ylabel, zoomed, range}):
 * join: what has no value at a time goes on to its next one, and NaN alone ends a line. beside(i) is a node put beside the i-th name. rows are [x, y, ...], x a Date or a number, y a number, null, or [low, middle, high] with band. Returns the Dygraph.
 */
export function draw(box, o) {
	if (!box.isConnected) return null; // its view was left meanwhile
	if (!window.Dygraph) {
		replace(box, h('div', {class: 'trouble'}, t('error.plot')));
		return null;
	}
	// its own legend measures itself with inline styles, which the page's policy does not allow
	window.Dygraph.PLUGINS = window.Dygraph.PLUGINS.filter((one) => one !== window.Dygraph.Plugins.Legend);
	const colours = o.series.map((one, i) => colour(one.swatch ?? swatch(i)));
	const plot = h('div', {class: `plot ${o.height ?? ''}`, tabindex: 0, role: 'img', 'aria-label': o.name});
	const values = o.series.map(() => h('b', {}));
	const idle = (i) => replace(values[i], h('span', {class: 'muted'}, f.unit(o.series[i].unit)));
	const at = h('span', {class: 'muted'});
	const legend = h('div', {class: 'legend'}, o.series.map((one, i) => h('span', {}, h('i', {style: {'--swatch': colours[i]}}), one.label, values[i], o.beside?.(i))), at);
	replace(box, legend, plot);
	const say = (i, v) => replace(values[i], typeof v === 'number' ? (o.series[i].format ?? ((x) => `${f.short(x)} ${f.unit(o.series[i].unit)}`))(v) : '');
	values.forEach((_, i) => idle(i));
	const units = [...new Set(o.series.map((one) => one.unit ?? ''))];
	const numbers = {axisLabelFormatter: (x) => f.short(x), axisLabelWidth: 52};
	const per = Object.fromEntries(o.series.map((one, i) => [`s${i}`, {
		color: colours[i], axis: units.indexOf(one.unit ?? '') === 1 ? 'y2' : 'y', strokePattern: one.dashed ? [5, 4] : null, strokeWidth: one.dashed ? 1.3 : 1.7,
		fillAlpha: 0.18}]));
	const g = new window.Dygraph(plot, o.rows, {
		labels: ['x', ...o.series.map((_, i) => `s${i}`)], series: per, customBars: Boolean(o.band), legend: 'never', connectSeparatedPoints: Boolean(o.join),
		gridLineColor: colour('line'), axisLineColor: colour('line-strong'), highlightCircleSize: 4, labelsUTC: false, animatedZooms: false, includeZero: Boolean(o.zero),
		axes: {
			x: o.zone ? {axisLabelFormatter: axisTime(o.zone), ticker: ticker(o.zone)} : {axisLabelFormatter: (x) => (o.xformat ?? f.short)(x), axisLabelWidth: 90},
			y: numbers, ...(units.length > 1 && {y2: {...numbers, independentTicks: true, drawGrid: false}}),
		},
		rightGap: units.length > 1 ? 5 : 16,
		dateWindow: o.range ?? null,
		highlightCallback: (_, x, points) => {
			replace(at, o.zone ? f.moment(new Date(x), o.zone) : (o.xformat ?? f.short)(x));
			values.forEach((_, i) => say(i, points.find((p) => p.name === `s${i}`)?.yval));
		},
		unhighlightCallback: () => { replace(at); values.forEach((_, i) => idle(i)); },
		zoomCallback: (from, to) => o.zoomed?.(from, to),
	});
	keys(plot, g, o);
	const size = new ResizeObserver(() => { if (plot.isConnected) g.resize(); else size.disconnect(); });
	size.observe(plot);
	return g;
}

// The same with the keyboard: arrows move, + and - zoom, 0 shows all.
function keys(plot, g, o) {
	plot.addEventListener('keydown', (e) => {
		const [from, to] = g.xAxisRange();
		const width = to - from;
		const go = {
			ArrowLeft: [from - width / 4, to - width / 4], ArrowRight: [from + width / 4, to + width / 4],
			'+': [from + width / 4, to - width / 4], '=': [from + width / 4, to - width / 4], '-': [from - width / 2, to + width / 2], 0: null,
		}[e.key];
		if (go === undefined) return;
		e.preventDefault();
		if (go === null) g.resetZoom();
		else { g.updateOptions({dateWindow: go}); o.zoomed?.(...go); }
	});
}
