/** Questions on the public page: sent without leaving the player, and those of others as they are let in. */

const POLL_MS = 10_000;

export interface Asked {
  readonly id: string;
  readonly name: string;
  readonly text: string;
  readonly status: string;
}

export function offerQuestions(): void {
  const place = document.querySelector<HTMLElement>("[data-questions]");
  const form = place?.querySelector("form");
  const list = place?.querySelector<HTMLElement>("[data-list]");
  if (!place || !form || !list) return;
  const address = place.dataset["questions"] ?? "";
  const words = JSON.parse(place.dataset["words"] ?? "{}") as Record<string, string>;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(form, address, words);
  });
  const look = async (): Promise<void> => {
    if (document.visibilityState === "hidden") return;
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (answer.ok) show(list, readAsked(await answer.json()), words);
    } catch {
      // The next look is some seconds away.
    }
  };
  void look();
  setInterval(() => void look(), POLL_MS);
}

async function send(form: HTMLFormElement, address: string, words: Record<string, string>): Promise<void> {
  const said = form.querySelector<HTMLElement>("[data-answer]");
  const button = form.querySelector("button");
  const text = form.querySelector("textarea");
  if (!said || !button || !text) return;
  button.disabled = true;
  try {
    const body = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    const answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
    const told = (await answer.json().catch(() => ({}))) as { sentence?: string; detail?: string };
    said.textContent = answer.ok ? (words["sent"] ?? "") : told.sentence || told.detail || (words["failed"] ?? "");
    if (answer.ok) text.value = "";
  } catch {
    said.textContent = words["failed"] ?? "";
  } finally {
    button.disabled = false;
  }
}

/** What the server said; anything else is no question. */
export function readAsked(said: unknown): Asked[] {
  const all = typeof said === "object" && said !== null ? (said as { questions?: unknown }).questions : null;
  if (!Array.isArray(all)) return [];
  return all.filter(
    (one): one is Asked =>
      typeof one === "object" &&
      one !== null &&
      ["id", "name", "text", "status"].every((name) => typeof (one as Record<string, unknown>)[name] === "string"),
  );
}

function show(list: HTMLElement, asked: readonly Asked[], words: Record<string, string>): void {
  list.replaceChildren(
    ...asked.map((one) => {
      const item = document.createElement("li");
      const name = document.createElement("strong");
      name.textContent = one.name;
      item.append(name, ` ${one.text}`);
      const state = words[one.status];
      if (state) {
        const badge = document.createElement("span");
        badge.className = "badge";
        badge.textContent = state;
        item.append(" ", badge);
      }
      return item;
    }),
  );
}
