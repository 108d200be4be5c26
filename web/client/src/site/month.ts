/* The month by keyboard, as the grid pattern of the ARIA Authoring Practices Guide has it: one day is in the order of
   the tab key, with what stands on it; arrows go from day to day. Without a script it is a table of links. */

/** The day to go on from once another month has been loaded. */
const STORE = "month-day";

const ARROWS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

/** To which day a key leads from a day (both `2026-12-02`); null for a key that leads nowhere. Weeks begin on Monday. */
export function dayAfterKey(key: string, day: string): string | null {
  const from = new Date(`${day}T00:00:00Z`);
  const weekday = (from.getUTCDay() + 6) % 7;
  const step = key === "Home" ? -weekday : key === "End" ? 6 - weekday : ARROWS[key];
  if (step !== undefined) return iso(from.getUTCFullYear(), from.getUTCMonth(), from.getUTCDate() + step);
  if (key !== "PageUp" && key !== "PageDown") return null;
  const month = from.getUTCMonth() + (key === "PageUp" ? -1 : 1);
  const last = new Date(Date.UTC(from.getUTCFullYear(), month + 1, 0)).getUTCDate();
  return iso(from.getUTCFullYear(), month, Math.min(from.getUTCDate(), last));
}

/** Whether a key asks for another month even where its day can be seen at the edge of this one. */
export function turnsPage(key: string): boolean {
  return key === "PageUp" || key === "PageDown";
}

/** Which of the days shown can be reached by the tab key at first. */
export function firstDay(days: readonly string[], asked: string | null, chosen: string | null): string | null {
  for (const day of [asked, chosen]) if (day !== null && days.includes(day)) return day;
  return days[0] ?? null;
}

/** Arrow keys in the month of the schedule. */
export function walkTheMonth(): void {
  const table = document.querySelector<HTMLTableElement>("table[data-month]");
  if (table) new MonthGrid(table);
}

class MonthGrid {
  private readonly cells = new Map<string, HTMLTableCellElement>();

  constructor(private readonly table: HTMLTableElement) {
    table.setAttribute("role", "grid");
    table.setAttribute("aria-describedby", "month-keys");
    for (const cell of table.querySelectorAll<HTMLTableCellElement>("td[data-day]")) {
      this.cells.set(cell.dataset["day"] ?? "", cell);
    }
    const asked = takeAsked();
    const chosen = table.querySelector<HTMLElement>(".month__day--chosen")?.dataset["day"] ?? null;
    const first = firstDay([...this.cells.keys()], asked, chosen);
    if (first !== null) this.enter(first);
    if (asked !== null && first === asked) this.focus(asked);
    table.addEventListener("keydown", (event) => this.press(event));
    table.addEventListener("focusin", (event) => {
      const day = dayOf(event.target);
      if (day !== null) this.enter(day);
    });
  }

  private press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const day = dayOf(event.target);
    const to = day === null ? null : dayAfterKey(event.key, day);
    if (to === null) return;
    event.preventDefault();
    if (this.cells.has(to) && !turnsPage(event.key)) this.focus(to);
    else this.load(to);
  }

  /** What is on this day can be reached by the tab key, and nothing else in the month. */
  private enter(day: string): void {
    for (const [each, cell] of this.cells) {
      const reached = each === day ? 0 : -1;
      focusOf(cell).tabIndex = reached;
      for (const link of cell.querySelectorAll("a")) link.tabIndex = reached;
    }
  }

  private focus(day: string): void {
    const cell = this.cells.get(day);
    if (!cell) return;
    this.enter(day);
    focusOf(cell).focus();
  }

  private load(day: string): void {
    const address = new URL(this.table.dataset["month"] ?? location.href, location.href);
    address.searchParams.set("month", day.slice(0, 7));
    sessionStorage.setItem(STORE, day);
    location.assign(address);
  }
}

/** A day's link; a day on which nothing is has none, and is focused itself. */
function focusOf(cell: HTMLTableCellElement): HTMLElement {
  return cell.querySelector<HTMLElement>("a.month__number") ?? cell;
}

function dayOf(target: EventTarget | null): string | null {
  const cell = target instanceof Element ? target.closest<HTMLElement>("td[data-day]") : null;
  return cell?.dataset["day"] ?? null;
}

function takeAsked(): string | null {
  const asked = sessionStorage.getItem(STORE);
  sessionStorage.removeItem(STORE);
  return asked;
}

function iso(year: number, month: number, day: number): string {
  return new Date(Date.UTC(year, month, day)).toISOString().slice(0, 10);
}
