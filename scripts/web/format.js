// Numbers, money and times for people: Intl, in the page's language and the building's own zone.

import {locale, t} from './i18n.js';

const made = new Map();
function formatter(kind, options) {
	const key = kind.name + locale() + JSON.stringify(options);
	if (!made.has(key)) made.set(key, new kind(locale(), options));
	return made.get(key);
}

export function number(x, digits = 2) {
	if (typeof x !== 'number' || !Number.isFinite(x)) return '–';
	return formatter(Intl.NumberFormat, {maximumFractionDigits: digits, signDisplay: 'negative'}).format(x); // never -0
}

// In a column, where the points stand below each other.
export const fixed = (x, digits) => (typeof x === 'number' && Number.isFinite(x)
	? formatter(Intl.NumberFormat, {minimumFractionDigits: digits, maximumFractionDigits: digits}).format(x) : '–');

// As many digits as matter: 12,345 and 123.4 and 1.234.
export function short(x) {
	if (typeof x !== 'number' || !Number.isFinite(x)) return '–';
	const size = Math.abs(x);
	return number(x, size >= 1000 ? 0 : size >= 100 ? 1 : 2);
}

export function money(x, currency = 'KRW') {
	if (typeof x !== 'number' || !Number.isFinite(x)) return '–';
	const whole = currency === 'KRW' || currency === 'JPY' || Math.abs(x) >= 10000;
	return formatter(Intl.NumberFormat, {style: 'currency', currency, currencyDisplay: 'narrowSymbol',
		maximumFractionDigits: whole ? 0 : 2, minimumFractionDigits: 0}).format(x);
}

export const percent = (x, digits = 0) => (typeof x === 'number' && Number.isFinite(x)
	? formatter(Intl.NumberFormat, {style: 'percent', maximumFractionDigits: digits}).format(x) : '–');

const UNITS = {degC: '°C', degF: '°F', degreesCelsius: '°C', percent: '%', 'percent-rh': '% RH', ppm: 'ppm', m3h: 'm³/h', 'm3/h': 'm³/h', 'W/m2': 'W/m²'};
export const unit = (name) => UNITS[name] ?? name ?? '';

// A value of a point as it came: numbers with their unit, booleans and text in words.
export function value(x, of) {
	if (x === null || x === undefined) return '–';
	if (typeof x === 'boolean') return x ? t('on') : t('off');
	if (typeof x === 'number') {
		if (of && /^(BI|BO|BV)$/.test(of.type ?? '')) return x ? t('on') : t('off');
		const name = unit(of?.unit);
		return name ? `${short(x)} ${name}` : short(x);
	}
	return typeof x === 'object' ? JSON.stringify(x) : x;
}

const date = (time) => (time instanceof Date ? time : new Date(time));
const say = (time, zone, options) => (Number.isNaN(date(time).getTime()) ? '–'
	: formatter(Intl.DateTimeFormat, {timeZone: zone, hourCycle: 'h23', ...options}).format(date(time)));

export const clock = (time, zone) => say(time, zone, {hour: '2-digit', minute: '2-digit'});
export const seconds = (time, zone) => say(time, zone, {hour: '2-digit', minute: '2-digit', second: '2-digit'});
export const day = (time, zone) => say(time, zone, {day: 'numeric', month: 'short'});
export const weekday = (time, zone) => say(time, zone, {weekday: 'short'});
export const dayLong = (time, zone) => say(time, zone, {weekday: 'short', day: 'numeric', month: 'long', year: 'numeric'});
export const month = (time, zone) => say(time, zone, {month: 'long', year: 'numeric'});
export const monthShort = (time, zone) => say(time, zone, {month: 'short', ...(isoDay(time, zone).slice(5, 7) === '01' && {year: 'numeric'})});
export const moment = (time, zone) => say(time, zone, {day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit'});
export const moments = (time, zone) => say(time, zone, {day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit'});

// Today: the time alone; otherwise with the day.
export function when(time, zone, now) {
	if (!time) return '–';
	return isoDay(time, zone) === isoDay(now, zone) ? clock(time, zone) : moment(time, zone);
}

// Within the coming days: the time, with the weekday where it is another day.
export function soon(time, zone, now) {
	if (isoDay(time, zone) === isoDay(now, zone)) return clock(time, zone);
	return date(time) - now < 6 * 86400000 ? say(time, zone, {weekday: 'short', hour: '2-digit', minute: '2-digit'}) : moment(time, zone);
}

// What a schedule commands: 1 and 0 are on and off.
export const state = (x) => (x === 1 || x === true ? t('on') : x === 0 || x === false ? t('off') : value(x));

// 2026-07-15, there.
export function isoDay(time, zone) {
	return new Intl.DateTimeFormat('en-CA', {timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit'}).format(date(time));
}

// That day, so many days on: calendar days, whatever the zone does.
export function dayPlus(iso, days) {
	const at = new Date(`${iso}T12:00:00Z`);
	at.setUTCDate(at.getUTCDate() + days);
	return at.toISOString().slice(0, 10);
}

// Minutes since that zone's midnight.
export function minuteOf(time, zone) {
	const [hour, minute] = new Intl.DateTimeFormat('en-GB', {timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23'})
		.format(date(time)).split(':').map(Number);
	return hour * 60 + minute;
}

// ComP_U_AHU_01, as people call it.
export const equipment = (id) => id.replace(/^ComP_U_/, '').replace('_', ' ');

// How long ago, roughly: 3 min, 2 h, 5 d.
export function age(time, now) {
	const s = Math.round((now - date(time)) / 1000);
	const rough = formatter(Intl.RelativeTimeFormat, {style: 'narrow', numeric: 'always'});
	if (Math.abs(s) < 60) return t('age.now');
	if (Math.abs(s) < 5400) return rough.format(-Math.round(s / 60), 'minute');
	if (Math.abs(s) < 129600) return rough.format(-Math.round(s / 3600), 'hour');
	return rough.format(-Math.round(s / 86400), 'day');
}

// A length of time: 15 min, 1 h, 1 day.
export function span(minutes) {
	const part = (n, name) => formatter(Intl.NumberFormat, {style: 'unit', unit: name, unitDisplay: 'long', maximumFractionDigits: 1}).format(n);
	if (minutes < 60) return part(minutes, 'minute');
	if (minutes < 1440) return part(minutes / 60, 'hour');
	return part(minutes / 1440, 'day');
}
