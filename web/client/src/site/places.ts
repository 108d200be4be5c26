/* A place in an order belongs to one line: who had it gets the place that the other one leaves. Arrow keys run through
   places on their way to one, so what gives way is reckoned from how things stood when the line got the focus. */

interface Stood {
  line: HTMLSelectElement;
  places: Map<HTMLSelectElement, string>;
}

const stood = new WeakMap<HTMLElement, Stood>();

/** The places of all lines after one of them took `place`; `before`: how they stood when it had its own. */
export function taken<Line>(before: ReadonlyMap<Line, string>, line: Line, place: string): Map<Line, string> {
  const left = before.get(line) ?? "";
  const after = new Map<Line, string>();
  for (const [other, its] of before) after.set(other, other === line ? place : place && its === place ? left : its);
  return after;
}

/** When something in a question gets the focus. */
export function rememberPlaces(target: EventTarget | null, question: HTMLElement): void {
  if (isPlace(target)) stood.set(question, { line: target, places: placesOf(question) });
}

/** When something in a question was changed. */
export function keepPlacesApart(target: EventTarget | null, question: HTMLElement): void {
  if (!isPlace(target)) return;
  const known = stood.get(question);
  // Without a focus nobody knows which place it had.
  const before = known?.line === target ? known.places : placesOf(question).set(target, "");
  for (const [line, place] of taken(before, target, target.value)) line.value = place;
}

function placesOf(question: HTMLElement): Map<HTMLSelectElement, string> {
  return new Map([...question.querySelectorAll<HTMLSelectElement>("[data-place]")].map((one) => [one, one.value]));
}

function isPlace(target: EventTarget | null): target is HTMLSelectElement {
  return target instanceof HTMLSelectElement && target.hasAttribute("data-place");
}
