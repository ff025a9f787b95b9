// Who may look and act, the tokens they have, and who is told of alarms: for administrators.

import {dialog, h, note, replace} from './dom.js';
import {get, post} from './api.js';
import {t, word} from './i18n.js';
import * as f from './format.js';
import {now, site} from './site.js';
import {empty, into, table, tag} from './parts.js';

const zone = () => site.buildings[0]?.zone ?? 'UTC';

function once(user, made) {
	return dialog(t('users.token'), h('div', {class: 'stack'}, h('p', {}, t('users.once', {user})), h('p', {class: 'token', tabindex: 0}, made)),
		(done) => h('button', {class: 'first', type: 'submit', on: {click: () => done(true)}}, t('close')));
}

async function revoke(what, body) {
	const sure = await dialog(t('users.revoke'), h('p', {}, t('users.sure', {what})), (done) => [
		h('button', {type: 'button', on: {click: () => done(false)}}, t('cancel')), h('button', {class: 'first', type: 'submit', on: {click: () => done(true)}}, t('users.revoke'))]);
	if (!sure) return;
	try {
		await post('manage/revoke', body);
		note(t('users.revoked', {what}), 'good');
	} catch (e) { note(e.message, 'error'); }
}

function form(draw) {
	const user = h('input', {required: true, autocomplete: 'off', pattern: '[A-Za-z0-9._@+\\-]{1,64}', size: 16}), name = h('input', {size: 18}), mail = h('input', {type: 'email', size: 20});
	const role = h('select', {}, ['viewer', 'operator', 'admin'].map((r) => h('option', {value: r}, word('role', r))));
	const which = h('select', {multiple: true, size: Math.min(4, site.buildings.length)}, site.buildings.map((b) => h('option', {value: b.key, selected: true}, b.name)));
	return h('form', {class: 'card', on: {submit: async (e) => {
		e.preventDefault();
		const chosen = [...which.selectedOptions].map((o) => o.value);
		try {
			const made = await post('manage/user', {user: user.value, name: name.value || undefined, mail: mail.value || undefined, role: role.value,
				buildings: chosen.length && chosen.length < site.buildings.length ? chosen.map((key) => key.split('_')[1]) : undefined});
			note(t('users.made', {user: user.value}), 'good');
			if (made?.token) await once(user.value, made.token);
			e.target.reset();
			draw();
		} catch (error) { note(error.message, 'error'); }
	}}}, h('h2', {}, t('users.add')), h('div', {class: 'row end'}, h('label', {}, t('users.user'), user), h('label', {}, t('name'), name), h('label', {}, t('users.mail'), mail), h('label', {}, t('users.role'), role),
		h('label', {}, t('users.buildings'), which), h('button', {class: 'first', type: 'submit'}, t('users.token'))));
}

export async function show(box, place) {
	const people = h('div', {class: 'card', id: 'people'}), told = h('div', {class: 'card'});
	const draw = () => into(people, async () => {
		const rows = await get('manage/users', {}, place.signal);
		if (!rows.length) return empty();
		return table([
			{head: t('users.user'), cell: (r) => [h('b', {}, r.user), h('div', {class: 'id'}, [r.name, r.mail].filter(Boolean).join(' · '))]},
			{head: t('users.role'), cell: (r) => word('role', r.role)},
			{head: t('users.buildings'), cell: (r) => (r.buildings.includes('*') ? t('all') : r.buildings.join(', '))},
			{head: t('users.tokens'), cell: (r) => h('span', {class: 'id'}, r.token ?? '–')},
			{head: t('users.used'), cell: (r) => (r.used ? f.when(r.used, zone(), now()) : '–')},
			{head: t('users.expires'), cell: (r) => (r.expires ? f.when(r.expires, zone(), now()) : '–')},
			{head: t('users.state'), cell: (r) => (r.token ? tag(r.state === 'good' ? 'good' : 'stop', word('token', r.state)) : '')},
			{head: '', buttons: true, cell: (r) => r.state === 'good' && h('button', {class: 'slight', type: 'button', 'aria-label': `${t('users.revoke')}: ${r.user} ${r.token}`,
				on: {click: async () => { await revoke(`${r.user} ${r.token}`, {token: r.token}); draw(); }}}, t('users.revoke'))},
		], rows, {name: t('users.title')});
	});
	replace(box, h('div', {class: 'head'}, h('h1', {}, t('users.title'))), people, form(draw), told);
	await Promise.all([draw(), into(told, async () => {
		const rows = await get('manage/endpoints', {}, place.signal);
		return [h('h2', {}, t('users.endpoints')), rows.length ? table([
			{head: t('users.endpoint'), whole: true, cell: (r) => r.arn},
			{head: t('users.user'), cell: (r) => r.user_id ?? ''},
			{head: t('nav.alarms'), cell: (r) => t(r.alarm ? 'yes' : 'no')}, {head: t('alarms.notices'), cell: (r) => t(r.notice ? 'yes' : 'no')},
		], rows, {name: t('users.endpoints')}) : empty(t('users.untold'))];
	})]);
}
