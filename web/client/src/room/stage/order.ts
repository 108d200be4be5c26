/**
 * Who stands where: people keep their places, and who speaks from a hidden page changes places with somebody
 * silent.
 */

/**
 * The order of tiles.
 * @param previous the order so far
 * @param present  everybody to show, in the order in which they came
 * @param speaker  who speaks now
 * @param front    how many places are in sight
 * @param lastSpoke when each last spoke, any growing number; who never did is missing
 */
export function arrange(
  previous: readonly string[],
  present: readonly string[],
  speaker: string | null,
  front: number,
  lastSpoke: ReadonlyMap<string, number>,
): readonly string[] {
  const here = new Set(present);
  const kept = previous.filter((id) => here.has(id));
  const known = new Set(kept);
  const order = [...kept, ...present.filter((id) => !known.has(id))];
  const place = speaker === null ? -1 : order.indexOf(speaker);
  if (speaker === null || place < front || front < 1) return order;
  const yielding = quietest(order.slice(0, front), lastSpoke);
  const other = order[yielding];
  if (other === undefined) return order;
  order[yielding] = speaker;
  order[place] = other;
  return order;
}

/** The place of whoever has been silent longest; among equals the last. */
function quietest(ids: readonly string[], lastSpoke: ReadonlyMap<string, number>): number {
  let found = 0;
  ids.forEach((id, index) => {
    const quietestSoFar = lastSpoke.get(ids[found] ?? "") ?? 0;
    if ((lastSpoke.get(id) ?? 0) <= quietestSoFar) found = index;
  });
  return found;
}
