// Elements from data. Text becomes text nodes and attributes are set as such: nothing is ever parsed as HTML.

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, props, children) {
	for (const [name, value] of Object.entries(props ?? {})) {
		if (value === undefined || value === null || value === false) continue;
		if (name === 'on') {
			for (const [event, f] of Object.entries(value)) node.addEventListener(event, f);
		} else if (name === 'style') {
			for (const [key, v] of Object.entries(value)) node.style.setProperty(key, v);
		} else if (name === 'value' || name === 'checked' || name === 'selected') {
			node[name] = value;
		} else {
			node.setAttribute(name, value === true ? '' : String(value));
		}
	}
	add(node, children);
	return node;
}

// add(NODE, CHILDREN): nodes as they are, arrays member by member, nothing for null and false, all else as text.
export function add(node, ...children) {
	for (const child of children.flat(Infinity)) {
		if (child === null || child === undefined || child === false) continue;
		node.append(child instanceof Node ? child : String(child));
	}
	return node;
}

// h('button', {class: 'x', on: {click: f}}, 'text', node, [more]): an element of HTML.
export const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);

// The same of SVG.
export const s = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);

export function replace(node, ...children) {
	node.replaceChildren();
	return add(node, ...children);
}

// Says to those who listen instead of looking; urgent ones interrupt.
export function say(text, urgent = false) {
	const at = document.getElementById(urgent ? 'alerted' : 'spoken');
	at.textContent = '';
	setTimeout(() => { at.textContent = text; }, 30);
}

// A note in the corner that goes by itself; errors stay longer.
export function note(text, kind = 'info') {
	const close = h('button', {class: 'quiet', 'aria-label': '×', on: {click: () => box.remove()}}, '×');
	const box = h('div', {class: `notice ${kind}`}, h('span', {}, text), close);
	document.getElementById('notices').append(box);
	while (box.parentNode.children.length > 4) box.parentNode.firstChild.remove();
	say(text, kind === 'error');
	setTimeout(() => box.remove(), kind === 'error' ? 12000 : 5000);
}

// A dialog over the page: body is a node; resolves with the value given to done(), or null when it was left.
export function dialog(title, body, buttons) {
	return new Promise((resolve) => {
		const done = (value) => { resolve(value); box.close(); };
		const name = `dialog-${Math.random().toString(36).slice(2)}`;
		const box = h('dialog', {'aria-labelledby': name, on: {close: () => { resolve(null); box.remove(); }}},
			h('form', {method: 'dialog', on: {submit: (e) => e.preventDefault()}},
				h('h2', {id: name}, title), body, h('div', {class: 'buttons'}, buttons(done))));
		document.body.append(box);
		box.showModal();
	});
}

// A colour of style.css as it stands now, light or dark, for what draws on a canvas.
export function colour(name) {
	const probe = h('span', {class: 'unseen', style: {color: `var(--${name})`}});
	document.body.append(probe);
	const text = getComputedStyle(probe).color;
	probe.remove();
	return text;
}

// Calls f at most once in so many milliseconds, the last time with the last arguments.
export function settle(ms, f) {
	let timer;
	return (...args) => {
		clearTimeout(timer);
		timer = setTimeout(() => f(...args), ms);
	};
}
