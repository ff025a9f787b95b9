// Requests to nbms-query: GET and POST below api/, answers as JSON, errors as words. The token stays in sessionStorage and
// goes in the Authorization header alone.

import {t} from './i18n.js';

const KEY = 'nbms-token';
export const token = {
	get: () => sessionStorage.getItem(KEY),
	set: (text) => sessionStorage.setItem(KEY, text),
	drop: () => sessionStorage.removeItem(KEY),
};

// What went wrong, said so that it can be shown: message in words, status as HTTP has it (0: no answer at all).
export class Trouble extends Error {
	constructor(status, code, message) {
		super(message);
		this.status = status;
		this.code = code;
	}
}

// What time the server said it was, with its last answer.
export let heardAt = Date.now();

let refused = () => {};
export const onRefused = (f) => { refused = f; };

export function address(path, query = {}) {
	const text = new URLSearchParams();
	for (const [name, value] of Object.entries(query)) {
		for (const one of Array.isArray(value) ? value : [value]) {
			if (one !== undefined && one !== null && one !== '') text.append(name, one);
		}
	}
	return `api/${path}${text.size ? `?${text}` : ''}`;
}

async function words(answer) {
	const text = await answer.text();
	let said;
	try { said = JSON.parse(text); } catch { said = {}; }
	const known = {400: 'bad', 401: 'login', 403: 'forbidden', 404: 'missing', 409: 'conflict', 413: 'large', 429: 'busy', 503: 'busy'};
	const kind = t(`error.${known[answer.status] ?? 'server'}`);
	return new Trouble(answer.status, said.error, said.message ? `${kind}: ${said.message}` : kind);
}

async function ask(url, options) {
	const mine = token.get() ?? '';
	let answer;
	for (let attempt = 0; ; attempt++) {
		try {
			answer = await fetch(url, {
				...options, cache: 'no-cache', credentials: 'omit',
				headers: {...options.headers, Authorization: `Bearer ${mine}`},
			});
		} catch (e) {
			if (e.name === 'AbortError') throw e;
			throw new Trouble(0, 'network', t('error.network'));
		}
		// the server bounds how many work at once: what only reads may ask again
		if ((answer.status !== 429 && answer.status !== 503) || options.method === 'POST' || attempt === 4) break;
		await new Promise((r) => setTimeout(r, 150 * 2 ** attempt * (0.5 + Math.random())));
	}
	heardAt = Date.parse(answer.headers.get('Date')) || heardAt;
	if (answer.status === 401 && mine === (token.get() ?? '')) refused(); // not who has signed in since
	if (!answer.ok) throw await words(answer);
	return answer;
}

export const get = async (path, query, signal) => (await ask(address(path, query), {method: 'GET', signal})).json();

// All rows, page after page as the Link of each says: for what a large building may have more of than one page holds.
export async function getAll(path, query, signal) {
	const rows = [];
	for (let url = address(path, query); url;) {
		const answer = await ask(url, {method: 'GET', signal});
		rows.push(...await answer.json());
		url = /<\/?([^>]+)>; *rel="next"/.exec(answer.headers.get('Link') ?? '')?.[1];
	}
	return rows;
}

export async function post(path, body, query) {
	const answer = await ask(address(path, query), {
		method: 'POST', body: JSON.stringify(body), headers: {'Content-Type': 'application/json'},
	});
	const text = await answer.text();
	return text ? JSON.parse(text) : null;
}

// Hands an answer to the browser as a file.
export async function download(path, query, name) {
	const blob = await (await ask(address(path, query), {method: 'GET'})).blob();
	save(blob, name);
}

export function save(blob, name) {
	const link = document.createElement('a');
	link.href = URL.createObjectURL(blob);
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
