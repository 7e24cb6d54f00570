/** Two devices edit a shared shopping list and a note while they cannot talk, then agree. */
import { boundedCounter, decodeCrdt, embedded, encodeCrdt, gCounter, orMap, orSet, text } from '@quorate/patterns/crdt';

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

// A set: adding wins over a removal that did not know of it.
let phone = orSet.merge(orSet.empty, orSet.add(orSet.empty, 'milk', 'phone~1'));
let laptop = orSet.merge(orSet.empty, phone);
phone = orSet.merge(phone, orSet.remove(phone, 'milk'));
laptop = orSet.merge(laptop, orSet.add(laptop, 'milk', 'laptop~1'));
laptop = orSet.merge(laptop, orSet.add(laptop, 'tea', 'laptop~1'));
say(`the list: ${orSet.value(orSet.merge(phone, laptop)).sort().join(', ')}`);

// A note: what each typed stays in one piece.
let note = text.merge(text.empty, text.insert(text.empty, 0, 'Buy: .', 'phone~1'));
const onPhone = text.insert(note, 5, 'apples ', 'phone~1');
const onLaptop = text.insert(note, 5, 'pears ', 'laptop~1');
note = text.merge(text.merge(note, onLaptop), onPhone);
say(`the note: ${text.value(note)}`);
say(`one change takes ${encodeCrdt(text, onPhone).length} bytes, the note ${encodeCrdt(text, note).length}`);

// A map of counters that can be removed and begin anew.
const likes = embedded(gCounter);
const posts = orMap(likes);
const like = (state: typeof posts.empty, actor: string) =>
  posts.update(state, 'post', (post) => likes.update(post, actor, (count) => gCounter.increment(count, actor)));
let here = posts.merge(posts.empty, like(posts.empty, 'phone~1'));
here = posts.merge(here, posts.remove(here, 'post'));
here = posts.merge(here, decodeCrdt(posts, encodeCrdt(posts, like(here, 'laptop~1'))));
const found = posts.get(here, 'post');
say(`likes since the post was removed: ${found === undefined ? 0 : gCounter.value(likes.inner(found))}`);

// Stock that two shops sell without asking each other, and never oversell.
let stock = boundedCounter.merge(boundedCounter.empty, boundedCounter.increment(boundedCounter.empty, 'north', 3));
stock = boundedCounter.merge(stock, boundedCounter.transfer(stock, 'north', 'south', 1) ?? boundedCounter.empty);
const sold = boundedCounter.decrement(stock, 'south', 2);
say(
  `the southern shop may sell ${boundedCounter.rights(stock, 'south')}; two at once: ${sold === undefined ? 'no' : 'yes'}`,
);
