/** Beside a planned time, what the visitor's own clock will show, when that differs; with the day if that differs, too. */
export function tellOwnTime(): void {
  const language = document.documentElement.lang;
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "long" });
  const kyivDay = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", timeZone: "Europe/Kyiv" });
  let differs = false;
  for (const place of document.querySelectorAll<HTMLElement>("[data-own-time]")) {
    const moment = new Date(place.dataset["ownTime"] ?? "");
    const planned = place.parentElement?.querySelector("time")?.textContent?.trim() ?? "";
    const own = clock.format(moment);
    if (Number.isNaN(moment.getTime()) || planned.startsWith(own)) continue;
    const text = day.format(moment) === kyivDay.format(moment) ? own : `${day.format(moment)}, ${own}`;
    place.textContent = (place.dataset["words"] ?? "{time}").replace("{time}", text);
    place.hidden = false;
    differs = true;
  }
  for (const note of document.querySelectorAll<HTMLElement>("[data-zone-note]")) {
    if (!differs) continue;
    note.textContent = note.dataset["words"] ?? "";
    note.hidden = false;
  }
}
