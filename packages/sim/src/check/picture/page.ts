import { escapeHtml } from './escape-html.ts';

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2330; --paper: #fff; --faint: #d6dae2; --placed: #d5e5fb; --placed-line: #3b74c4;
  --left: #eceef2; --left-line: #8a93a3; --refused: #ffd9d6; --refused-line: #c21807; --note: #f4c05a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8f0; --paper: #14181f; --faint: #323a47; --placed: #1d3a63;
  --placed-line: #7fb0f5; --left: #262c36; --left-line: #7d8797; --refused: #5c1a14; --refused-line: #ff8a7d; --note: #8a6a1f; } }
* { box-sizing: border-box; }
body { margin: 0 0 9rem; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
header, section > h2, section > p, section > ol, section > ul, footer { margin: 1rem 1.5rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.1rem; }
.illegal { color: var(--refused-line); }
.scroll { display: flex; overflow-x: auto; border-block: 1px solid var(--faint); }
.names { position: sticky; left: 0; z-index: 1; background: var(--paper); border-right: 1px solid var(--faint); }
svg { display: block; flex: none; font: 12px ui-monospace, monospace; }
svg text { fill: var(--ink); pointer-events: none; }
.name { text-anchor: end; }
.row { stroke: var(--faint); }
.box rect { fill: var(--left); stroke: var(--left-line); }
.box.placed rect { fill: var(--placed); stroke: var(--placed-line); }
.box.refused rect { fill: var(--refused); stroke: var(--refused-line); stroke-width: 3; }
.box.open rect { stroke-dasharray: 5 4; }
.box:hover rect, .box:focus rect, .box.pinned rect { stroke-width: 3; }
.box:focus { outline: none; }
.order { pointer-events: none; }
.order polyline { fill: none; stroke: var(--placed-line); stroke-width: 2; opacity: .7; }
.order circle { fill: var(--placed-line); }
.order .broken { stroke: var(--refused-line); stroke-width: 2; stroke-dasharray: 4 3; }
.band { fill: var(--note); opacity: .18; } .tag { fill: var(--note); }
#details { position: fixed; inset: auto 0 0 0; min-height: 5rem; max-height: 9rem; overflow: auto; padding: .7rem 1.5rem; white-space: pre-wrap;
  font: 13px/1.45 ui-monospace, monospace; border-top: 2px solid var(--faint); background: var(--paper); }
code { font: 13px ui-monospace, monospace; }
`;

const SCRIPT = `
const details = document.getElementById('details');
const hint = details.textContent;
let pinned;
const show = (box) => { details.textContent = box ? box.getAttribute('aria-label') : hint; };
const pin = (box) => {
  if (pinned) pinned.classList.remove('pinned');
  pinned = box === pinned ? undefined : box;
  if (pinned) pinned.classList.add('pinned');
  show(pinned);
};
for (const box of document.querySelectorAll('.box')) {
  box.addEventListener('mouseenter', () => show(box));
  box.addEventListener('mouseleave', () => show(pinned));
  box.addEventListener('focus', () => show(box));
  box.addEventListener('click', () => pin(box));
  const title = box.querySelector('title');
  if (title) title.remove();
}
const jump = () => {
  const error = document.getElementById('first-error');
  if (!error) return;
  error.scrollIntoView({ block: 'center', inline: 'center' });
  error.focus({ preventScroll: true });
};
for (const link of document.querySelectorAll('.jump')) link.addEventListener('click', (event) => { event.preventDefault(); jump(); });
addEventListener('keydown', (event) => { if (event.key === 'e') jump(); });
jump();
`;

/** One self-contained page; `body` is HTML. */
export const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body}
<div id="details" role="status">Point at an operation to see it, click to keep it here, press e for the first error.</div>
<script>${SCRIPT}</script>
</body>
</html>
`;
