// What a bid can hope for: the chance of winning along the bid, with its band, as the newest results have it.

import {h, note, replace} from './dom.js';
import {get} from './api.js';
import {t, word} from './i18n.js';
import * as f from './format.js';
import * as live from './live.js';
import {can, site} from './site.js';
import {draw as plot} from './plot.js';
import {empty, facts, into, outcome} from './parts.js';

function picture(box, result, n) {
	const r = result.result ?? result;
	const curve = r.curve ?? [];
	const won = (x) => f.money(x, 'KRW');
	const chart = h('div', {class: 'stack'});
	const bids = r.bids ?? {};
	replace(box, h('div', {class: 'head'}, h('h2', {}, t('tender.of', {time: f.moment(result.made, site.buildings[0]?.zone ?? 'UTC')})), h('span', {class: 'sub small'}, [result.reason !== 'ok' && outcome(result.reason), result.task_id].filter(Boolean).join(' · '))),
		facts([r.base && [t('tender.base'), won(r.base)], r.rate && [t('tender.rate'), f.percent(r.rate / 100000, 3)], r.bidders && [t('tender.bidders'), f.number(r.bidders)],
			...Object.entries(bids).filter(([, b]) => b?.bid).map(([name, b]) => [word('bid', name), won(b.bid), `${t('tender.win')} ${f.percent(b.win, 1)}, ${t('tender.below')} ${f.percent(b.below_floor, 1)}`])]),
		h('h3', {}, t('tender.curve')), chart, r.warning && h('p', {class: 'small muted'}, word('outcome', r.warning)));
	if (!curve.length) { replace(chart, empty()); return; }
	plot(chart, {
		name: `${t('tender.curve')} ${n}`, band: true, zero: true, height: 'low', xformat: (x) => f.number(x, 0),
		rows: curve.map((c) => { const w = 100 * c.win; return [c.bid, [100 * (c.win_low ?? c.low ?? c.win), w, 100 * (c.win_high ?? c.high ?? c.win)]]; }),
		series: [{label: t('tender.win'), unit: '%'}],
	});
}

export async function show(box, place) {
	const body = h('div', {class: 'stack'});
	const draw = () => into(body, async () => {
		const rows = (await get('tender/results', {limit: 5}, place.signal)).filter((r) => (r.result ?? r).bids || (r.result ?? r).curve);
		if (!rows.length) return h('div', {class: 'card'}, empty(t('tender.none')));
		const cards = rows.map(() => h('section', {class: 'card'}));
		replace(body, cards);
		rows.forEach((r, i) => picture(cards[i], r, i + 1));
	});
	const base = h('input', {inputmode: 'numeric', required: true, size: 14}), bidders = h('input', {inputmode: 'numeric', size: 4, value: '10'});
	const form = can('operator') && site.buildings.length > 0 && h('form', {class: 'card', on: {submit: async (e) => {
		e.preventDefault();
		const amount = Number(base.value.replace(/[\s,]/g, ''));
		base.setAttribute('aria-invalid', String(!(amount > 0)));
		if (!(amount > 0)) { base.focus(); return; }
		try {
			await live.request('tender-predict', {building: site.buildings[0].key, predictInput: {base: amount, bidders: Number(bidders.value) || 10, kind: 'works-national'}});
			note(t('forecast.asked'));
		} catch (error) { note(error.message, 'error'); }
	}}}, h('div', {class: 'row end'}, h('label', {}, t('tender.base'), base), h('label', {}, t('tender.bidders'), bidders), h('button', {type: 'submit'}, t('tender.ask'))));
	replace(box, h('div', {class: 'head'}, h('h1', {}, t('tender.title'))), form, body);
	place.leave(live.on('result', (e) => { if (/^tender/.test(e.task ?? '')) draw(); }));
	await draw();
}
