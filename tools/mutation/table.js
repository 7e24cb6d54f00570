/** @import { Outcome } from './types.ts' */

/** @typedef {{ readonly family: string, readonly mutants: number, readonly killed: number, readonly ranOn: number, readonly accepted: number, readonly survived: number, readonly notCovered: number }} Score */

const HEAD = `# What the tests notice

Every small change of a kernel's program that \`npm run mutation\` can think of, one at a time: an operator or a bound another, a condition
true or false, half of it left out, a statement left out, a constant one more or less. Does a test of its family fail?

- **killed**: a test fails. **ran on**: the program did not end, which is as good.
- **accepted**: no test can or need notice; the reason of each stands in \`tools/mutation/accepted/\`.
- **survived**: nothing notices. **not covered**: no test comes by. Where families have a file of reasons, both must be 0.
- **score**: killed and ran on, of all that are not accepted.

Made by \`npm run mutation\` and then \`npm run mutation -- --table\`. Where fewer were tried than there are, it was a sample that chance chose: of
sixty, the score is right to within some twelve in a hundred.

| family | mutants | tried | killed | ran on | accepted | survived | not covered | score |
|---|--:|--:|--:|--:|--:|--:|--:|--:|
`;

/**
 * @param {readonly Score[]} scores
 * @returns {string}
 */
export function tableOf(scores) {
  const rows = [...scores].sort((a, b) => (a.family < b.family ? -1 : 1));
  return HEAD + rows.map(rowOf).join('');
}

/** @param {Score} score */
function rowOf(score) {
  const { family, mutants, killed, ranOn, accepted, survived, notCovered } = score;
  const noticed = killed + ranOn;
  const counts = [
    mutants,
    noticed + accepted + survived + notCovered,
    killed,
    ranOn,
    accepted,
    survived,
    notCovered,
  ].map(grouped);
  return `| ${family} | ${counts.join(' | ')} | ${percent(noticed, noticed + survived + notCovered)} |\n`;
}

/** @param {number} count */
const grouped = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

/** Rounded down: 100 % is only for all. @param {number} part @param {number} whole */
const percent = (part, whole) => (whole === 0 ? '–' : `${(Math.floor((part / whole) * 1000) / 10).toFixed(1)} %`);

/**
 * @param {string} family
 * @param {number} mutants How many there are, tried or not.
 * @param {readonly { readonly outcome: Outcome, readonly isAccepted: boolean }[]} results
 * @returns {Score}
 */
export function scoreOf(family, mutants, results) {
  const of = (/** @type {Outcome} */ outcome) =>
    results.filter((each) => each.outcome === outcome && !each.isAccepted).length;
  const accepted = results.filter((each) => each.isAccepted).length;
  return {
    family,
    mutants,
    killed: of('killed'),
    ranOn: of('ran-on'),
    accepted,
    survived: of('survived'),
    notCovered: of('not-covered'),
  };
}
