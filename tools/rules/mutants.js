import { acceptedFile, wrongAccepted } from '../mutation/accepted.js';
import { familiesOf, mutantsOfFamily } from '../mutation/family.js';

/** @import { Rule } from '../types.ts' */

/** What no test need notice is there, and says why. Whether tests notice it now is for `npm run mutation` to say. @type {Rule} */
export const mutants = {
  name: 'mutants',
  check(repo) {
    const families = familiesOf(repo).map((family) => ({ ...family, accepted: acceptedFile(family.name) }));
    const strange = repo.paths.filter(
      (path) => path.startsWith('tools/mutation/accepted/') && !families.some(({ accepted }) => accepted === path),
    );
    return [
      ...families
        .filter(({ accepted }) => repo.has(accepted))
        .flatMap((family) =>
          wrongAccepted(repo, family.name, mutantsOfFamily(repo, family)).map((message) => ({
            path: family.accepted,
            line: 0,
            message,
          })),
        ),
      ...strange.map((path) => ({ path, line: 0, message: 'there is no family of this name; remove it' })),
    ];
  },
};
