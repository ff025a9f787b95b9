// The frame: signing in, what is where, language and appearance; each view is a module of its own.

import {h, note, replace, say} from './dom.js';
import {onRefused, token} from './api.js';
import {language, speak, t, word} from './i18n.js';
import * as live from './live.js';
import {building, can, forget, load, site} from './site.js';
import * as alarms from './alarms.js';
import * as comfort from './comfort.js';
import * as equipment from './building.js';
import * as forecast from './forecast.js';
import * as overview from './overview.js';
import * as reports from './reports.js';
import * as schedule from './schedule.js';
import * as tender from './tender.js';
import * as trends from './trends.js';
import * as users from './users.js';

const ofBuilding = {building: equipment, trends, alarms, schedule, forecast, comfort, reports};
const ofSite = {overview, tender, users};
const main = document.getElementById('main');
let leaving = null; // what ends the view on the screen
let chosen = null; // the building that the views are of

// Where we are: #/trends/C000003_B001?p=...: the view, its building, and whatever the view keeps there.
function place() {
	const [path, query] = location.hash.replace(/^#\/?/, '').split('?');
	const [view, key] = path.split('/').map(decodeURIComponent);
	return {view, key, query: new URLSearchParams(query)};
}

export function link(view, key, query) {
	const text = query ? `?${new URLSearchParams(query)}` : '';
	return `#/${view}${key ? `/${encodeURIComponent(key)}` : ''}${text}`;
}

function choose(name, now_, options, f) {
	return h('select', {'aria-label': name, on: {change: (e) => f(e.target.value)}},
		options.map(([value, text]) => h('option', {value, selected: value === now_}, text)));
}

function dress(theme) {
	if (theme === 'auto') delete document.documentElement.dataset.theme;
	else document.documentElement.dataset.theme = theme;
}

function frame() {
	const theme = localStorage.getItem('nbms-theme') ?? 'auto';
	const inside = Boolean(site.user);
	const other = language === 'ko' ? 'en' : 'ko';
	document.body.classList.toggle('outside', !inside);
	document.getElementById('skip').textContent = t('skip');
	replace(document.getElementById('top'),
		h('a', {class: 'brand', href: '#/overview', 'aria-label': t('nav.overview')}, h('img', {src: 'icon.svg', alt: ''}), h('span', {}, t('product'))),
		inside && site.buildings.length > 0 && choose(t('building'), chosen, site.buildings.map((b) => [b.key, b.name]), (key) => {
			const at = place();
			location.hash = link(at.view in ofBuilding ? at.view : 'building', key);
		}),
		h('span', {class: 'grow'}),
		inside && h('span', {class: 'link', id: 'link', 'data-state': live.state}, h('span', {}, t(`live.${live.state}`))),
		h('button', {class: 'quiet', id: 'theme', title: `${t('theme')}: ${t(`theme.${theme}`)}`, 'aria-label': `${t('theme')}: ${t(`theme.${theme}`)}`, on: {click: () => {
			const next = {auto: 'light', light: 'dark', dark: 'auto'}[theme];
			localStorage.setItem('nbms-theme', next);
			dress(next);
			again('theme');
		}}}, {auto: '◐', light: '☀', dark: '☾'}[theme]),
		h('button', {class: 'quiet', id: 'language', lang: other, on: {click: () => { speak(other); again('language'); }}}, {en: 'English', ko: '한국어'}[other]),
		inside && h('button', {class: 'quiet', title: `${site.name || site.user} · ${word('role', site.role)}`, on: {click: () => leave()}}, t('logout')));
	navigation();
}

// Everything anew, with the focus where it was.
async function again(id) {
	frame();
	await show();
	document.getElementById(id)?.focus();
}

function navigation() {
	const nav = document.getElementById('nav');
	nav.setAttribute('aria-label', t('nav'));
	if (!site.user) { replace(nav); return; }
	const at = place();
	const entry = (view, key, rule) => h('li', {class: rule && 'rule'},
		h('a', {href: link(view, key), 'aria-current': at.view === view ? 'page' : null}, t(`nav.${view}`),
			view === 'alarms' && h('span', {class: 'badge', id: 'badge', hidden: true})));
	replace(nav, h('ul', {},
		entry('overview'),
		chosen && Object.keys(ofBuilding).map((view) => entry(view, chosen)),
		entry('tender', null, true),
		can('admin') && entry('users')));
	nav.querySelector('[aria-current]')?.scrollIntoView({block: 'nearest', inline: 'center'});
	alarms.count(chosen);
}

// A question that was open when one went elsewhere is none any more.
function shut() {
	for (const box of document.querySelectorAll('dialog')) box.close();
}

async function show() {
	shut();
	leaving?.abort();
	leaving = new AbortController();
	const {signal} = leaving;
	if (!site.user) { login(); return; }
	const at = place();
	const module = ofBuilding[at.view] ?? ofSite[at.view];
	const known = building(at.key);
	if (!module || (at.view in ofBuilding && !known)) {
		location.replace(link(module && chosen ? at.view : 'overview', module && chosen));
		return;
	}
	if (known) chosen = known.key;
	frame();
	document.title = `${t(`nav.${at.view}`)}${known ? ` · ${known.name}` : ''} · ${t('product')}`;
	const box = h('div', {class: 'stack'}, h('p', {class: 'busy'}, t('loading')));
	replace(main, box);
	try {
		await module.show(box, {
			building: known, query: at.query, signal,
			// what the view keeps in the address, without drawing it anew
			keep: (query) => history.replaceState(null, '', link(at.view, at.key, query)),
			every: (ms, f) => {
				const timer = setInterval(() => { if (!document.hidden) f(); }, ms);
				signal.addEventListener('abort', () => clearInterval(timer));
			},
			leave: (f) => signal.addEventListener('abort', f),
		});
	} catch (e) {
		if (signal.aborted || e.name === 'AbortError') return;
		if (!(e.status >= 0)) console.error(e);
		replace(box, h('div', {class: 'trouble', role: 'alert'}, h('p', {}, `${t('error.view')}. ${e.status >= 0 ? e.message : ''}`),
			h('button', {on: {click: show}}, t('refresh'))));
	}
}

function login(why) {
	frame();
	document.title = `${t('login.title')} · ${t('product')}`;
	const field = h('input', {type: 'password', autocomplete: 'off', required: true, id: 'token', size: 48, spellcheck: 'false'});
	const said = h('p', {role: 'alert', class: why && 'trouble'}, why);
	const form = h('form', {class: 'card', id: 'login', on: {submit: async (e) => {
		e.preventDefault();
		token.set(field.value.trim());
		try {
			await enter();
		} catch (error) {
			token.drop();
			replace(said, error.status === 401 ? t('login.refused', {why: error.code ?? ''}) : error.message);
			said.className = 'trouble';
			field.select();
		}
	}}},
	h('h1', {}, t('login.title')), h('label', {}, t('login.token'), field), h('p', {class: 'muted small'}, t('login.help')), said,
	h('button', {class: 'first', type: 'submit'}, t('login.go')));
	replace(main, form);
	field.focus();
}

async function enter() {
	await load();
	chosen = building(place().key)?.key ?? site.buildings[0]?.key ?? null;
	live.open();
	live.watch(site.buildings.map((b) => b.key));
	if (!place().view) location.hash = '#/overview';
	await show();
}

function leave(why) {
	token.drop();
	site.user = null;
	live.close();
	forget();
	leaving?.abort();
	shut();
	login(why);
}

onRefused(() => { if (site.user) leave(t('login.over')); });
live.on('refused', () => { if (site.user) leave(t('login.over')); });
live.on('closing', (e) => { if (site.user && /revoked|expired|token/.test(e.reason ?? '')) leave(t('login.over')); });
live.on('trouble', (e) => note(e.message, 'error'));
let was = 'off';
live.on('state', (state) => {
	const pill = document.getElementById('link');
	if (pill) { pill.dataset.state = state; replace(pill, h('span', {}, t(`live.${state}`))); }
	document.body.classList.toggle('lost', state !== 'on');
	if (state === 'connecting' && was === 'on') say(t('live.lost'), true);
	if (state === 'on' && was === 'lost') say(t('live.back'));
	was = state === 'connecting' && was !== 'off' ? 'lost' : state;
});
live.on('alarm', (e) => alarms.heard(e, chosen));
addEventListener('hashchange', async () => { await show(); main.focus({preventScroll: true}); scrollTo(0, 0); });
// dark and light change what is drawn on canvases, too
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { if (site.user) show(); });

dress(localStorage.getItem('nbms-theme') ?? 'auto');
document.getElementById('skip').addEventListener('click', (e) => { e.preventDefault(); main.focus(); });
if (token.get()) {
	enter().catch((e) => (e.status === 401 ? leave(t('login.over')) : login(e.message)));
} else {
	login();
}
