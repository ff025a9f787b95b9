// What the page says, in English and Korean: t('key', {name: value}). Both files have the same keys.

import en from './en.js';
import ko from './ko.js';

const tongues = {en, ko};
const KEY = 'nbms-language';

function chosen() {
	const kept = localStorage.getItem(KEY);
	if (kept in tongues) return kept;
	return navigator.languages.some((l) => l.startsWith('ko')) ? 'ko' : 'en';
}

export let language = chosen();
export const locale = () => (language === 'ko' ? 'ko-KR' : 'en-GB');

export function speak(to) {
	language = to;
	localStorage.setItem(KEY, to);
	document.documentElement.lang = to;
}
document.documentElement.lang = language;

export function t(key, values) {
	const text = tongues[language][key] ?? en[key] ?? key;
	return values ? text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all) : text;
}

// The same where there may be no such key: the words of another program.
export const word = (group, name) => tongues[language][`${group}.${name}`] ?? en[`${group}.${name}`] ?? String(name ?? '');
