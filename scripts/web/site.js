// Who is signed in, what they may see and do, and what time it is at the server.

import {get, getAll, heardAt} from './api.js';

export const site = {user: null, role: 'viewer', customer: null, buildings: []};

// The server's clock: a telephone's may be wrong.
let ahead = 0;
export const now = () => new Date(Date.now() + ahead);

const rank = {viewer: 0, operator: 1, admin: 2};
export const can = (role) => rank[site.role] >= rank[role];

export async function load() {
	const me = await get('manage/me');
	Object.assign(site, {user: me.user, role: me.role, customer: me.customer, name: me.name});
	const apart = heardAt - Date.now();
	ahead = Math.abs(apart) > 5000 ? apart : 0;
	site.buildings = (me.buildings ?? []).map((b) => {
		const key = b.building.includes('_') ? b.building : `${me.customer}_${b.building}`;
		return {key, name: b.name || key, zone: b.timezone || 'UTC', currency: b.currency ?? 'KRW'};
	});
	return me;
}

export const building = (key) => site.buildings.find((b) => b.key === key);

// Energy of the main meters together, by hour: [{from, usage_kwh}]; a building that has none has no hours.
export async function hourly(key, from, to, signal) {
	const rows = await get('analysis/energy', {building: key, by: 'hour', from, to, point: '*EnergyMainMeter_*'}, signal)
		.catch((e) => { if (e.status === 404) return []; throw e; });
	const hours = new Map();
	for (const r of rows) {
		const hour = hours.get(r.from) ?? {from: r.from, usage_kwh: 0, intervals: 0};
		hour.usage_kwh += r.usage_kwh ?? 0;
		hour.intervals += r.intervals ?? 0;
		hours.set(r.from, hour);
	}
	return [...hours.values()];
}

// A building's points and units change seldom: asked for once, until the page is loaded anew or someone asks again.
const kept = new Map();
export function points(key, again = false) {
	if (again || !kept.has(key)) {
		kept.set(key, getAll('facility/points', {building: key}).catch((e) => { kept.delete(key); throw e; }));
	}
	return kept.get(key);
}
export const forget = () => kept.clear();
