/* On one machine sit several people: whatever the server says of who is signed in, the pages of everybody else go. */

import * as database from "./database";
import { ofOthers } from "./rules";

/** Removes kept pages, courses and answers that have arrived of all accounts but this one. What waits stays. */
export async function forgetOthers(account: string): Promise<void> {
  const names = ofOthers(await caches.keys(), account);
  await Promise.all(names.map((name) => caches.delete(name)));
  for (const course of await database.all("courses")) if (course.account !== account) await database.remove("courses", course.url);
  for (const letter of await database.all("letters"))
    if (letter.account !== account && letter.sent) await database.remove("letters", letter.path);
  for (const time of await database.all("times")) if (time.account !== account) await database.remove("times", time.place);
}
