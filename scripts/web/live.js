// One session of nbms-live over a WebSocket. Requests return promises; values and events go to whoever asked for them. When
// the connection is lost it comes back by itself, later each time, and asks again for everything that is wanted.

import {t} from './i18n.js';
import {Trouble, token} from './api.js';

const PAUSE = [500, 1000, 2000, 4000, 8000, 15000, 30000];
const ANSWER = 20000; // an answer that takes longer will not come
const QUIET = 25000; // after so long without a word, is there anybody?

let socket = null;
let attempt = 0;
let next = 1;
let timer = null;
let heard = 0;
let waiting = new Map(); // id -> {resolve, reject, timer}
const wanted = new Map(); // building -> Map(point -> Set of functions)
const latest = new Map(); // building \n point \n attr -> value event
const ears = new Map(); // event -> Set of functions
const watched = new Set(); // buildings whose alarms are wanted

export let state = 'off'; // off, connecting, on
export let me = null; // the answer to connect

// on('state' | 'alarm' | 'control' | 'result' | 'refused', f): returns what takes it back.
export function on(event, f) {
	if (!ears.has(event)) ears.set(event, new Set());
	ears.get(event).add(f);
	return () => ears.get(event).delete(f);
}

function tell(event, data) {
	for (const f of [...(ears.get(event) ?? [])]) f(data);
}

function turn(to) {
	if (state === to) return;
	state = to;
	tell('state', to);
}

function send(message) {
	socket.send(JSON.stringify(message));
}

// request('control', {...}): the reply, or a Trouble that says in words why not.
export function request(name, fields = {}) {
	return new Promise((resolve, reject) => {
		if (!socket || socket.readyState !== WebSocket.OPEN) {
			reject(new Trouble(0, 'network', t('error.network')));
			return;
		}
		const id = String(next++);
		const late = setTimeout(() => {
			waiting.delete(id);
			reject(new Trouble(0, 'timeout', t('error.timeout')));
		}, ANSWER);
		waiting.set(id, {resolve, reject, timer: late});
		send({request: name, id, ...fields});
	});
}

function reply(message) {
	const one = waiting.get(String(message.id));
	if (!one) return;
	waiting.delete(String(message.id));
	clearTimeout(one.timer);
	if (message.ok) one.resolve(message);
	else one.reject(new Trouble(1, message.error, message.message ?? message.error));
}

function value(event) {
	latest.set(`${event.building}\n${event.point_id}\n${event.attr}`, event);
	for (const f of wanted.get(event.building)?.get(event.point_id) ?? []) f(event);
}

function received(text) {
	heard = Date.now();
	let message;
	try { message = JSON.parse(text); } catch { return; }
	// transitions of alarms name a building within its customer
	if (message.customer && message.building && !message.building.includes('_')) message.building = `${message.customer}_${message.building}`;
	if (message.reply) reply(message);
	else if (message.event === 'value') value(message);
	else if (message.event) tell(message.event, message);
}

async function greet() {
	try {
		me = await request('connect', {token: token.get()});
	} catch (e) {
		if (e.status === 1) { close(); tell('refused', e); }
		return;
	}
	attempt = 0;
	turn('on');
	for (const [building, points] of wanted) ask(building, [...points.keys()]);
	for (const building of watched) request('alarms', {building}).catch(() => {});
}

// Subscriptions go out in lines of a few hundred points, so that none is over-long.
function ask(building, points, name = 'subscribe') {
	for (let i = 0; i < points.length; i += 200) {
		request(name, {building, points: points.slice(i, i + 200)})
			.catch((e) => { if (name === 'subscribe' && e.status === 1) tell('trouble', e); });
	}
}

export function open() {
	if (socket) return;
	turn('connecting');
	const url = new URL('live', location.href);
	url.protocol = url.protocol.replace('http', 'ws');
	url.hash = '';
	const mine = new WebSocket(url);
	socket = mine;
	mine.onopen = () => { heard = Date.now(); greet(); };
	mine.onmessage = (e) => { if (mine === socket) received(e.data); };
	mine.onclose = () => { if (mine === socket) lost(); };
}

function forget() {
	for (const one of waiting.values()) {
		clearTimeout(one.timer);
		one.reject(new Trouble(0, 'network', t('error.network')));
	}
	waiting = new Map();
	socket = null;
}

function lost() {
	forget();
	turn('connecting');
	const pause = PAUSE[Math.min(attempt++, PAUSE.length - 1)] * (0.7 + 0.6 * Math.random());
	clearTimeout(timer);
	timer = setTimeout(open, pause);
}

export function close() {
	clearTimeout(timer);
	const old = socket;
	forget();
	me = null;
	wanted.clear();
	latest.clear();
	watched.clear();
	old?.close();
	turn('off');
}

// subscribe(BUILDING, POINTS, f): f gets the newest value known at once, if any, then every one; returns what ends it.
export function subscribe(building, points, f) {
	if (!wanted.has(building)) wanted.set(building, new Map());
	const mine = wanted.get(building);
	const fresh = [];
	for (const point of points) {
		if (!mine.has(point)) { mine.set(point, new Set()); fresh.push(point); }
		mine.get(point).add(f);
	}
	for (const event of latest.values()) {
		if (event.building === building && points.includes(event.point_id)) f(event);
	}
	if (state === 'on' && fresh.length) ask(building, fresh);
	return () => {
		const gone = [];
		for (const point of points) {
			mine.get(point)?.delete(f);
			if (mine.get(point)?.size === 0) { mine.delete(point); gone.push(point); }
		}
		for (const key of [...latest.keys()]) {
			const [where, point] = key.split('\n');
			if (where === building && gone.includes(point)) latest.delete(key);
		}
		if (state === 'on' && gone.length) ask(building, gone, 'unsubscribe');
	};
}

// Alarms of these buildings as events, from now on and after every reconnection.
export function watch(buildings) {
	for (const building of buildings) {
		if (watched.has(building)) continue;
		watched.add(building);
		if (state === 'on') request('alarms', {building}).catch(() => {});
	}
}

// A connection can be dead without either end having been told: ask, and give it up when nothing comes.
setInterval(() => {
	if (state !== 'on') return;
	const silent = Date.now() - heard;
	if (silent > 2 * QUIET) socket?.close();
	else if (silent > QUIET) request('ping').catch(() => {});
}, 5000);
addEventListener('online', () => { if (state === 'connecting' && !socket) { attempt = 0; clearTimeout(timer); open(); } });
