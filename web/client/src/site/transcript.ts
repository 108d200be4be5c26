/** The transcript beside a recording: to be searched, and read in one language. */

export function offerTranscript(page: HTMLElement): void {
  const place = page.querySelector<HTMLElement>("[data-transcript]");
  const tools = place?.querySelector<HTMLElement>("[data-transcript-tools]");
  if (!place || !tools) return;
  tools.hidden = false;
  const search = tools.querySelector<HTMLInputElement>("[data-search]");
  const language = tools.querySelector<HTMLSelectElement>("[data-language]");
  const found = tools.querySelector<HTMLElement>("[data-found]");
  const lines = [...place.querySelectorAll<HTMLElement>("li")];
  const show = (): void => {
    const wanted = search?.value ?? "";
    let count = 0;
    for (const line of lines) {
      const text = line.querySelector(".moment > :last-child")?.textContent ?? "";
      const fits = (!language || line.lang === language.value) && matches(text, wanted);
      line.hidden = !fits;
      if (fits) count += 1;
    }
    if (found) found.textContent = said(found, wanted, count);
  };
  search?.addEventListener("input", show);
  language?.addEventListener("change", show);
  show();
}

/** Whether every word that is looked for begins or stands in `text`, whatever its case and apostrophes. */
export function matches(text: string, wanted: string): boolean {
  const plain = (words: string): string => words.toLocaleLowerCase("uk").replace(/[\u2019\u02bc`]/g, "'");
  const where = plain(text);
  return plain(wanted)
    .split(/\s+/)
    .every((word) => where.includes(word));
}

function said(place: HTMLElement, wanted: string, count: number): string {
  if (!wanted.trim()) return "";
  if (count === 0) return place.dataset["none"] ?? "";
  return (place.dataset["words"] ?? "{count}").replace("{count}", String(count));
}
