import type { Annotation } from '../formats/read-history.ts';
import { escapeHtml } from './escape-html.ts';
import type { Box, Layout } from './layout.ts';

const COLUMN = 72;
const ROW = 38;
const BOX_HEIGHT = 30;
const NAMES = 104;
const LEFT = 8;
const TOP = 8;
/** Of the font used in boxes, on average. */
const CHARACTER = 6.6;

export interface Drawing {
  readonly layout: Layout;
  readonly annotations: readonly Annotation[];
  readonly refused: number | undefined;
  /** What a box says, and what it tells when pointed at. */
  label(operation: number): string;
  details(operation: number): string;
}

/** The picture of one part: the names of its rows, which stay in sight, and the rows. Every box carries its details, so that it reads without a script as well. */
export function drawPart(drawing: Drawing): string {
  const { layout, annotations } = drawing;
  const lanes = [...new Set(annotations.map((annotation) => annotation.lane))];
  const names = [...lanes, ...layout.rows.map((row) => `client ${row}`)];
  const width = LEFT + (layout.columns + 2) * COLUMN;
  const height = 2 * TOP + names.length * ROW;
  const rows = names.map(
    (_, row) => `<line class="row" x1="0" x2="${width}" y1="${middle(row)}" y2="${middle(row)}"/>`,
  );
  const content = [
    ...rows,
    ...annotations.map((annotation) => drawAnnotation(annotation, lanes.indexOf(annotation.lane), layout, height)),
    ...layout.boxes.map((box) => drawBox(box, box.row + lanes.length, drawing)),
    drawLine(drawing, lanes.length),
  ];
  return (
    `<svg class="names" ${size(NAMES, height)} aria-hidden="true">${names.map(drawName).join('')}</svg>` +
    `<svg ${size(width, height)} role="group" aria-label="operations by client, in order of time">${content.join('\n')}</svg>`
  );
}

const size = (width: number, height: number): string =>
  `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;

const x = (column: number): number => Math.round(LEFT + (column + 0.5) * COLUMN);
const y = (row: number): number => TOP + row * ROW + (ROW - BOX_HEIGHT) / 2;
const middle = (row: number): number => y(row) + BOX_HEIGHT / 2;
/** The order runs below the boxes' text. */
const track = (row: number): number => y(row) + BOX_HEIGHT - 6;
const fitted = (text: string, width: number): string => {
  const room = Math.floor((width - 8) / CHARACTER);
  if (text.length <= room) return text;
  return room < 2 ? '' : `${text.slice(0, room - 1)}…`;
};

const drawName = (name: string, row: number): string =>
  `<text class="name" x="${NAMES - 10}" y="${middle(row) + 4}">${escapeHtml(fitted(name, NAMES))}</text>`;

function drawAnnotation(annotation: Annotation, lane: number, layout: Layout, height: number): string {
  const from = x(layout.columnOf(annotation.from));
  const to = annotation.to === undefined ? from + 2 : Math.max(from + 2, x(layout.columnOf(annotation.to)));
  const text = escapeHtml(annotation.text);
  return (
    `<g class="note"><title>${text}</title>` +
    `<rect class="band" x="${from}" y="${y(lane)}" width="${to - from}" height="${height - TOP - y(lane)}"/>` +
    `<rect class="tag" x="${from}" y="${y(lane)}" width="${Math.max(to - from, 4)}" height="${BOX_HEIGHT}"/>` +
    `<text x="${from + 7}" y="${y(lane) + 16}">${text}</text></g>`
  );
}

function drawBox(box: Box, row: number, drawing: Drawing): string {
  const isRefused = box.operation === drawing.refused;
  const kinds = [isRefused ? 'refused' : box.place === undefined ? 'left' : 'placed', box.isAnswered ? '' : 'open'];
  const [from, width] = [x(box.from), x(box.to) - x(box.from)];
  const details = drawing.details(box.operation).split('\n').map(escapeHtml).join('&#10;');
  const id = isRefused ? ' id="first-error"' : '';
  const label = `${isRefused ? '✕ ' : ''}${drawing.label(box.operation)}`;
  return (
    `<g class="box ${kinds.join(' ').trim()}"${id} tabindex="0" role="img" aria-label="${details}"><title>${details}</title>` +
    `<rect x="${from}" y="${y(row)}" width="${width}" height="${BOX_HEIGHT}" rx="4"/>` +
    `<text x="${from + 6}" y="${y(row) + 16}">${escapeHtml(fitted(label, width))}</text></g>`
  );
}

function drawLine({ layout, refused }: Drawing, lanes: number): string {
  const points = layout.line.map(({ column, row }) => ({ x: x(column), y: track(row + lanes) }));
  const path = points.map((point) => `${point.x},${point.y}`).join(' ');
  const dots = points.map((point) => `<circle cx="${point.x}" cy="${point.y}" r="3.5"/>`).join('');
  const target = layout.boxes.find((box) => box.operation === refused);
  const last = points.at(-1);
  const broken =
    target === undefined || last === undefined
      ? ''
      : `<line class="broken" x1="${last.x}" y1="${last.y}" x2="${Math.max(last.x, x(target.from)) + 8}" y2="${track(target.row + lanes)}"/>`;
  return `<g class="order"><polyline points="${path}"/>${dots}${broken}</g>`;
}
